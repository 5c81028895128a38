import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { session } from '../session/session';
import { CONNACK, connect, DISCONNECT, message, number, PINGREQ, PUBACK, puback, PUBLISH, publish, SUBACK, subscribe, take, unsubscribe, type Packet } from './packets';

/** Seconds between two signs of life. */
const KEEP_ALIVE = 60;
/** Seconds that the address of a connection is good for. */
const ADDRESS = 60;

/** A message that came. */
export interface Message {
  topic: string;
  qos: number;
  retained: boolean;
  payload: string;
}

/** What happens on a connection. */
export interface Listener {
  message: (message: Message) => void;
  ended: (why: string) => void;
}

/** The address of MQTT over WebSocket, signed for the session's credentials. */
async function address(): Promise<string> {
  const current = session();
  if (!current) throw new Error('You are signed out.');
  const { host, hostname, protocol, port } = window.location;
  const signer = new SignatureV4({ service: 'iotdevicegateway', region: current.region, credentials: { ...current, expiration: undefined }, sha256: Sha256 });
  const request = { method: 'GET', protocol, hostname, ...(port ? { port: Number(port) } : {}), path: '/mqtt', query: {}, headers: { host } };
  const signed = await signer.presign(request, { expiresIn: ADDRESS });
  const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/mqtt?${query.join('&')}`;
}

/** A connection of MQTT 3.1.1 over WebSocket, with the rights of who is signed in. */
export class Client {
  private socket: WebSocket;
  private received = new Uint8Array(0);
  private waiting = new Map<number, { done: () => void; failed: (why: Error) => void }>();
  private last = 0;
  private timer: number | undefined;
  private opened: { done: () => void; failed: (why: Error) => void } | undefined;

  private constructor(url: string, clientId: string, private listener: Listener) {
    this.socket = new WebSocket(url, 'mqtt');
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.socket.send(connect(clientId, KEEP_ALIVE));
    this.socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.take(new Uint8Array(data));
    this.socket.onclose = () => this.ended('The server closed the connection: what was asked for is not allowed, or another client has this id.');
  }

  /** Connects; fails when the server refuses. */
  static async open(clientId: string, listener: Listener): Promise<Client> {
    const client = new Client(await address(), clientId, listener);
    await new Promise<void>((done, failed) => {
      client.opened = { done, failed };
    });
    client.timer = window.setInterval(() => client.socket.send(PINGREQ), (KEEP_ALIVE * 1000) / 2);
    return client;
  }

  /** Subscribes with a QoS of 0 or 1; fails when the server refuses. */
  subscribe(filter: string, qos: number): Promise<void> {
    return this.acknowledged((id) => subscribe(id, filter, qos));
  }

  unsubscribe(filter: string): void {
    this.socket.send(unsubscribe(this.next(), filter));
  }

  /** Publishes; with QoS 1, until the server has it. */
  publish(topic: string, payload: string, qos: number, retain: boolean): Promise<void> {
    if (qos) return this.acknowledged((id) => publish(id, topic, payload, retain));
    this.socket.send(publish(0, topic, payload, retain));
    return Promise.resolve();
  }

  close(): void {
    this.socket.onclose = null;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(DISCONNECT);
    this.socket.close();
    window.clearInterval(this.timer);
  }

  private next(): number {
    this.last = (this.last % 65_535) + 1;
    return this.last;
  }

  private acknowledged(packet: (id: number) => Uint8Array<ArrayBuffer>): Promise<void> {
    const id = this.next();
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.socket.send(packet(id));
    });
  }

  private take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.received.length + bytes.length);
    all.set(this.received);
    all.set(bytes, this.received.length);
    let rest: Uint8Array = all;
    for (let found = take(rest); found; found = take(rest)) {
      rest = found.rest;
      this.answer(found.packet);
    }
    this.received = rest.slice();
  }

  private answer(packet: Packet): void {
    if (packet.type === CONNACK) {
      const refused = packet.body[1] ?? 0;
      if (refused) this.ended(`The server refused the connection, with code ${refused}.`);
      else this.opened?.done();
      this.opened = undefined;
    } else if (packet.type === SUBACK || packet.type === PUBACK) {
      const waiting = this.waiting.get(number(packet.body, 0));
      this.waiting.delete(number(packet.body, 0));
      const refused = packet.type === SUBACK && packet.body[2] === 0x80;
      if (refused) waiting?.failed(new Error('The server refused the subscription: your policies do not allow it.'));
      else waiting?.done();
    } else if (packet.type === PUBLISH) {
      const { id, payload, ...about } = message(packet);
      if (about.qos) this.socket.send(puback(id));
      this.listener.message({ ...about, payload: new TextDecoder().decode(payload) });
    }
  }

  private ended(why: string): void {
    this.close();
    this.opened?.failed(new Error(why));
    for (const { failed } of this.waiting.values()) failed(new Error(why));
    this.waiting.clear();
    if (!this.opened) this.listener.ended(why);
    this.opened = undefined;
  }
}
