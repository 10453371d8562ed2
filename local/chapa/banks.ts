type Bank = {
  id: number;
  slug: string;
  swift: string;
  name: string;
  digits: number;
  isWallet: boolean;
  paysIn: boolean;
};

const BANKS: Bank[] = [
  { id: 656, slug: "awash_bank", swift: "AWINETAA", name: "Awash Bank", digits: 15, isWallet: false, paysIn: false },
  {
    id: 347,
    slug: "boa_bank",
    swift: "ABYSETAA",
    name: "Bank of Abyssinia",
    digits: 8,
    isWallet: false,
    paysIn: false,
  },
  { id: 128, slug: "cbebirr", swift: "CBETETAA", name: "CBEBirr", digits: 10, isWallet: true, paysIn: true },
  {
    id: 946,
    slug: "cbe_bank",
    swift: "CBETETAA",
    name: "Commercial Bank of Ethiopia (CBE)",
    digits: 13,
    isWallet: false,
    paysIn: true,
  },
  { id: 266, slug: "mpesa", swift: "MPESA", name: "M-Pesa", digits: 10, isWallet: true, paysIn: true },
  { id: 855, slug: "telebirr", swift: "TELEBIRR", name: "telebirr", digits: 10, isWallet: true, paysIn: true },
];

/** The answer of `GET /banks`, which has no `status`. */
export const BANK_LIST = {
  message: "Banks retrieved",
  data: BANKS.map(({ id, slug, swift, name, digits, isWallet, paysIn }) => ({
    id,
    slug,
    swift,
    name,
    acct_length: digits,
    country_id: 1,
    is_mobilemoney: isWallet ? 1 : 0,
    is_active: 1,
    is_rtgs: 0,
    active: 1,
    is_24hrs: isWallet ? 1 : 0,
    can_process_payouts: 1,
    can_process_payments: paysIn ? 1 : 0,
    currency: "ETB",
    created_at: "2022-03-17T04:21:30.000000Z",
    updated_at: "2026-07-09T14:11:56.000000Z",
  })),
};

export const CURRENCY_LISTS = {
  numbers: { status: "success", currency_code: [1, 2], currency_name: ["ETB", "USD"] },
  words: {
    status: "success",
    currency_code: ["ETB", "USD"],
    currency_name: ["Ethiopian Birr", "United States Dollar"],
  },
};
