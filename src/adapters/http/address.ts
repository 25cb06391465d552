/** Where the HTTP server listens (CTRKIT_HTTP; contract.md, section 5). */
export type HttpAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: '127.0.0.1' | '::1'; readonly port: number }
  /** `reason` is one line for people. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Longest path of a unix socket, bytes (sun_path without its end mark); libuv cuts or refuses longer ones. */
const LONGEST_PATH_BYTES = 107;

const LOOPBACK = { '127.0.0.1': '127.0.0.1', localhost: '127.0.0.1', '[::1]': '::1' } as const;

const TCP = /^(127\.0\.0\.1|localhost|\[::1\]):([1-9]\d{0,4})$/;
const UNIX = /^unix:(?:\/\/)?(\/(?!\/)[^\u0000-\u001f\u007f]*[^/\u0000-\u001f\u007f])$/;

/** Parses `unix:///path`, `unix:/path`, or a port of the loopback: `127.0.0.1:PORT`, `localhost:PORT`, `[::1]:PORT`. */
export function parseHttpAddress(text: string): HttpAddress {
  const path = UNIX.exec(text)?.[1];
  if (path !== undefined && Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    return refuseAddress(text, `a unix socket's path is at most ${LONGEST_PATH_BYTES} bytes`);
  if (path !== undefined) return { kind: 'unix', path };
  const [, name, digits] = TCP.exec(text) ?? [];
  const port = Number(digits);
  if (name === undefined || port > 65_535) {
    return refuseAddress(
      text,
      'every container of a switch shares its ports, so it is unix:///PATH, or 127.0.0.1:PORT, [::1]:PORT or ' +
        'localhost:PORT with a port of its own, 1 to 65535',
    );
  }
  return { kind: 'tcp', host: LOOPBACK[name as keyof typeof LOOPBACK], port };
}

const refuseAddress = (text: string, why: string): HttpAddress => ({
  kind: 'refused',
  reason: `CTRKIT_HTTP is ${JSON.stringify(text.slice(0, 80))}: ${why}; there is no HTTP`,
});
