/** A worker's end of the conversation with the primary. */
import { isToWorker, PROTOCOL, type ToPrimary, type ToWorker } from "../ipc/messages.js";

type WithoutVersion<Message> = Message extends unknown ? Omit<Message, "v"> : never;
export type Report = WithoutVersion<ToPrimary>;

export interface Channel {
  /** Settles when the message has left, or can't any more because the primary is gone. */
  send(report: Report): Promise<void>;
  onOrder(listener: (order: ToWorker) => void): void;
  /** The primary is gone. */
  onLost(listener: () => void): void;
}

/** The channel of node:cluster. Messages that are not ours pass by untouched. */
export function openChannel(): Channel {
  return {
    send: (report) =>
      new Promise((resolve) => {
        if (process.send === undefined || !process.connected) resolve();
        else process.send({ v: PROTOCOL, ...report }, undefined, {}, () => resolve());
      }),
    onOrder: (listener) => {
      process.on("message", (message: unknown) => {
        if (isToWorker(message)) listener(message);
      });
    },
    onLost: (listener) => {
      process.once("disconnect", listener);
    },
  };
}
