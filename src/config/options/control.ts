/** The settings of `[control]`: health, metrics and commands over TCP. */
import { flag, mapped, optional, text } from "../kinds.js";
import { bareHost, checkPlain, checkTcpHost } from "../texts.js";
import { byProfile, option } from "./option.js";
import { port } from "./shared.js";

export const control = {
  /** TCP port of health, metrics and the control page; 0 is the unix socket only. */
  port: option({
    key: "control.port",
    kind: port,
    default: 0,
    variable: "DAZZLE_CONTROL_PORT",
    flag: { name: "--control-port", read: (flags) => flags.controlPort },
    doc: "TCP port for `/livez`, `/readyz`, `/metrics`, `/status` and, in development, the control page. 0: the unix socket only.",
    example: "9000",
  }),
  /** Where the control port listens. */
  host: option({
    key: "control.host",
    kind: mapped(text("a host name or an IP address", checkTcpHost), bareHost),
    default: "127.0.0.1",
    variable: "DAZZLE_CONTROL_HOST",
    doc: "Where the control port listens. Anything but loopback shows health and metrics to the network.",
    example: '"0.0.0.0"',
  }),
  /** What commands over TCP must present. */
  token: option({
    key: "control.token",
    kind: optional(text("a secret text", checkPlain)),
    default: null,
    variable: "DAZZLE_CONTROL_TOKEN",
    secret: "whole",
    doc: "What commands over TCP must present as a bearer token. Unset: TCP takes no commands outside development.",
    example: '"…"',
  }),
  /** The control page of development. */
  dev: option({
    key: "control.dev",
    kind: flag(),
    default: byProfile(true, false, false),
    neverIn: ["production"],
    doc: "Serve the development control plane at `/dazzle/dev/`. Cannot be turned on in production.",
    example: "false",
  }),
};
