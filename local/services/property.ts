/** A property of the listing service. Times in epoch ms. */
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

/** The listing service's daily job: rejects a property that is unpaid after a week. */
export function closeIfOld(property: Property, now: number): void {
  if (property.paymentStatus !== "PENDING" || now - property.createdAt < KEPT_OPEN_MS) return;
  property.paymentStatus = "FAILED";
  property.status = "REJECTED";
}
