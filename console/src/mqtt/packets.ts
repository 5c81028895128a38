/** MQTT 3.1.1 packets, as much of them as a test client needs. OASIS: MQTT Version 3.1.1. */

export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const SUBACK = 9;

const utf8 = new TextEncoder();

/** A packet that came. */
export interface Packet {
  type: number;
  flags: number;
  body: Uint8Array;
}

/** Bytes with their length before them, in two bytes (1.5.3). */
function text(value: string): number[] {
  const bytes = utf8.encode(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}

/** A packet: its first byte, its remaining length (2.2.3), the rest. */
function packet(first: number, rest: Uint8Array | number[]): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  let left = rest.length;
  do {
    length.push((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  const whole = new Uint8Array(1 + length.length + rest.length);
  whole.set([first, ...length]);
  whole.set(rest, 1 + length.length);
  return whole;
}

/** CONNECT with a clean session (3.1). */
export function connect(clientId: string, keepAlive: number): Uint8Array<ArrayBuffer> {
  return packet(0x10, [...text('MQTT'), 4, 2, keepAlive >> 8, keepAlive & 255, ...text(clientId)]);
}

export function subscribe(id: number, filter: string, qos: number): Uint8Array<ArrayBuffer> {
  return packet(0x82, [id >> 8, id & 255, ...text(filter), qos]);
}

export function unsubscribe(id: number, filter: string): Uint8Array<ArrayBuffer> {
  return packet(0xa2, [id >> 8, id & 255, ...text(filter)]);
}

/** PUBLISH; an id of 0 is QoS 0. */
export function publish(id: number, topic: string, payload: string, retain: boolean): Uint8Array<ArrayBuffer> {
  const head = [...text(topic), ...(id ? [id >> 8, id & 255] : [])];
  const bytes = utf8.encode(payload);
  const rest = new Uint8Array(head.length + bytes.length);
  rest.set(head);
  rest.set(bytes, head.length);
  return packet(0x30 | (id ? 2 : 0) | (retain ? 1 : 0), rest);
}

export function puback(id: number): Uint8Array<ArrayBuffer> {
  return packet(0x40, [id >> 8, id & 255]);
}

export const PINGREQ = packet(0xc0, []);
export const DISCONNECT = packet(0xe0, []);

/** Takes the first packet off what was received; nothing while it is not whole. */
export function take(received: Uint8Array): { packet: Packet; rest: Uint8Array } | undefined {
  let [length, at, shift] = [0, 1, 0];
  for (;;) {
    const byte = received[at];
    if (byte === undefined) return undefined;
    length |= (byte & 127) << shift;
    shift += 7;
    at += 1;
    if (byte < 128) break;
    if (shift > 21) throw new Error('The server sent no MQTT.');
  }
  if (received.length < at + length) return undefined;
  const first = received[0] ?? 0;
  const packet = { type: first >> 4, flags: first & 15, body: received.subarray(at, at + length) };
  return { packet, rest: received.subarray(at + length) };
}

/** A number of two bytes. */
export function number(body: Uint8Array, at: number): number {
  return ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
}

/** Topic, QoS, id, payload of a PUBLISH (3.3). */
export function message({ flags, body }: Packet): { topic: string; qos: number; retained: boolean; id: number; payload: Uint8Array } {
  const end = 2 + number(body, 0);
  const qos = (flags >> 1) & 3;
  return {
    topic: new TextDecoder().decode(body.subarray(2, end)),
    qos,
    retained: (flags & 1) === 1,
    id: qos ? number(body, end) : 0,
    payload: body.subarray(qos ? end + 2 : end),
  };
}
