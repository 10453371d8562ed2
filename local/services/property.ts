import { pythonTime } from "./fastapi.ts";

/** A property of the listing service. Times in epoch ms. */
export type Property = {
  id: string;
  ownerId: string;
  status: "PENDING" | "APPROVED" | "RESERVED" | "REJECTED" | "DELETED";
  paymentStatus: "PENDING" | "SUCCESS" | "FAILED";
  paymentId: string | null;
  createdAt: number;
  approvedAt: number | null;
  /** A row that the service can store, but not show. */
  isUnshowable?: true;
};

const KEPT_OPEN_MS = 7 * 86_400_000;

export function newProperty(id: string, ownerId: string, createdAt: number): Property {
  return { id, ownerId, status: "PENDING", paymentStatus: "PENDING", paymentId: null, createdAt, approvedAt: null };
}

/** A property as the listing service shows it to everybody. Its list of reserved ones has fewer fields. */
export function publicView({ id, status, paymentStatus, approvedAt }: Property) {
  return {
    id,
    title: "Two rooms near Bole",
    location: "Bole",
    price: "12000.00",
    house_type: "apartment",
    amenities: ["wifi"],
    status,
    payment_status: paymentStatus,
    approval_timestamp: approvedAt === null ? null : pythonTime(approvedAt),
    lat: 9.03,
    lon: 38.75,
    bedrooms: 2,
    bathrooms: null,
    area_sqm: null,
  };
}

/** The listing service's daily job: rejects a property that is unpaid after a week. */
export function closeIfOld(property: Property, now: number): void {
  if (property.paymentStatus !== "PENDING" || now - property.createdAt < KEPT_OPEN_MS) return;
  property.paymentStatus = "FAILED";
  property.status = "REJECTED";
}
