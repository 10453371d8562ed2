const PAGE_STATES = 1 << 16;
const FIRST_SLOTS = 1 << 16;

/**
 * States as rows of numbers, each kept once, in the order of their discovery, with the state that led there.
 * `width`: numbers in a row.
 */
export class StateStore {
  readonly #width: number;
  readonly #pages: Uint32Array[] = [];
  readonly #parents: Int32Array[] = [];
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  size = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** @returns the number of the state, negative minus one (`~n`) when it was known before */
  add(row: readonly number[], parent: number): number {
    if (this.size * 2 > this.#slots.length) this.#grow();
    let slot = this.#hash(row) & (this.#slots.length - 1);
    for (;;) {
      const known = this.#slots[slot] ?? -1;
      if (known < 0) break;
      if (this.#equals(known, row)) return ~known;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    const index = this.size++;
    this.#slots[slot] = index;
    if (index % PAGE_STATES === 0) {
      this.#pages.push(new Uint32Array(PAGE_STATES * this.#width));
      this.#parents.push(new Int32Array(PAGE_STATES));
    }
    const page = this.#pages.at(-1);
    const parents = this.#parents.at(-1);
    if (!page || !parents) throw new Error("there is always a page");
    page.set(row, (index % PAGE_STATES) * this.#width);
    parents[index % PAGE_STATES] = parent;
    return index;
  }

  row(index: number): number[] {
    const page = this.#pages[Math.floor(index / PAGE_STATES)];
    const start = (index % PAGE_STATES) * this.#width;
    if (!page || index >= this.size) throw new Error(`there is no state ${index}`);
    return [...page.subarray(start, start + this.#width)];
  }

  /** The state that first led to `index`, or -1 for one that the search began with. */
  parent(index: number): number {
    return this.#parents[Math.floor(index / PAGE_STATES)]?.[index % PAGE_STATES] ?? -1;
  }

  #hash(row: readonly number[]): number {
    let hash = 0x811c9dc5;
    for (const value of row) {
      hash = Math.imul(hash ^ value, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #equals(index: number, row: readonly number[]): boolean {
    const page = this.#pages[Math.floor(index / PAGE_STATES)];
    const start = (index % PAGE_STATES) * this.#width;
    if (!page) return false;
    for (let at = 0; at < this.#width; at++) if (page[start + at] !== row[at]) return false;
    return true;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let index = 0; index < this.size; index++) {
      let slot = this.#hash(this.row(index)) & (this.#slots.length - 1);
      while ((this.#slots[slot] ?? -1) >= 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = index;
    }
  }
}

/** Gives equal values one number and one object, so that a state is a short row of numbers. */
export class Pool<Value> {
  readonly #values: Value[] = [];
  readonly #byValue = new Map<Value, number>();
  readonly #byText = new Map<string, number>();

  numberOf(value: Value): number {
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    const equal = this.#byText.get(text);
    if (equal !== undefined) return equal;
    const number = this.#values.push(value) - 1;
    this.#byText.set(text, number);
    this.#byValue.set(value, number);
    return number;
  }

  valueOf(number: number): Value {
    const value = this.#values[number];
    if (value === undefined) throw new Error(`there is no value ${number}`);
    return value;
  }
}
