// A payload as short pairs of key and text.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST = 160; // characters of one value; the row shows fewer, the inspector all

/** The fields of an event's payload; ids, which tell a reader least, come last. */
export function fieldsOf({ type, data }) {
  if (data === null || typeof data !== 'object') return [['data', short(data)]];
  const isId = ([key]) => key === 'id' || key.endsWith('_id');
  const fields = Object.entries(data).filter(
    ([key, value]) => value !== null && value !== undefined && !(key === 'type' && value === type),
  );
  return [...fields.filter((field) => !isId(field)), ...fields.filter(isId)].map(
    ([key, value]) => [key, short(value)],
  );
}

/** One value on one line. */
export function short(value) {
  if (typeof value === 'string') {
    if (UUID.test(value)) return `${value.slice(0, 8)}…`;
    const text = value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
    // Blanks at the ends matter in streamed text and are invisible otherwise.
    return text === '' || text !== text.trim() ? `“${text}”` : text;
  }
  if (Array.isArray(value)) {
    return value.every((item) => typeof item !== 'object')
      ? value.map(short).join(', ')
      : value.map((item) => Object.values(item ?? {}).map(short).join(' ')).join(', ');
  }
  if (value !== null && typeof value === 'object') {
    const text = JSON.stringify(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  }
  return String(value);
}

/** A decimal string with its thousands apart. It is money: it never becomes a number. */
export function money(decimal, currency) {
  const [whole, fraction] = String(decimal).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${grouped}${fraction ? `.${fraction}` : ''} ${currency}`;
}
