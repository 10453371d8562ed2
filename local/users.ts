import { Uuid } from "../lib/domain/ids.ts";

/** The users of the local service. Their ids never change, so that scripts can use them. */
export const USERS = {
  owner: {
    id: Uuid.parse("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11"),
    role: "owner",
    email: "abebe@rental.et",
    phone: "+251911223344",
    language: "am",
  },
  owner2: {
    id: Uuid.parse("2c4b8a56-9d0e-4f6a-b1c3-7e5d9f8a0b22"),
    role: "owner",
    email: "chaltu@rental.et",
    phone: null,
    language: "om",
  },
  tenant: {
    id: Uuid.parse("8e7f6a5b-4c3d-4e2f-9a1b-0c9d8e7f6a33"),
    role: "tenant",
    email: "kebede@rental.et",
    phone: "+251922334455",
    language: "en",
  },
  admin: {
    id: Uuid.parse("d1e2f3a4-b5c6-4d7e-8f9a-0b1c2d3e4f44"),
    role: "admin",
    email: "admin@rental.et",
    phone: null,
    language: null,
  },
} as const;
export type UserKey = keyof typeof USERS;
export const USER_KEYS = ["owner", "owner2", "tenant", "admin"] as const satisfies readonly UserKey[];
export const PASSWORD = "local-password";
