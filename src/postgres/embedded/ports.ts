/** A TCP port on the loopback address that nothing uses. */
import { createServer } from "node:net";

/** `preferred` when it is free, else one that the system picks. */
export async function freePort(preferred: number): Promise<number> {
  return (preferred > 0 ? await tryPort(preferred) : null) ?? (await tryPort(0)) ?? 0;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(got));
    });
  });
}
