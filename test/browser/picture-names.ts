/** The pictures in `docs/img`, and the width of each in pixels. */
export const PICTURES = {
  "console-overview": 1280,
  "console-overview-dark": 1280,
  "console-payment": 1280,
  "console-payment-dark": 1280,
  pending: 720,
  cancelled: 720,
  paid: 720,
  receipt: 720,
} as const satisfies Record<string, number>;
