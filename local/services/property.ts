/** A property as the listing service keeps it. */
export type Property = {
  id: string;
  ownerId: string;
  status: "PENDING" | "APPROVED" | "REJECTED" | "DELETED";
  paymentStatus: "PENDING" | "SUCCESS" | "FAILED";
  paymentId: string | null;
  createdAt: number;
  approvedAt: number | null;
};

const KEPT_OPEN_MS = 7 * 86_400_000;

export function newProperty(id: string, ownerId: string, createdAt: number): Property {
  return { id, ownerId, status: "PENDING", paymentStatus: "PENDING", paymentId: null, createdAt, approvedAt: null };
}

/** Its daily job: what nobody has paid for a week is given up, and rejected. */
export function closeIfOld(property: Property, now: number): void {
  if (property.paymentStatus !== "PENDING" || now - property.createdAt < KEPT_OPEN_MS) return;
  property.paymentStatus = "FAILED";
  property.status = "REJECTED";
}
