/** The variable that tells workers which of the primary's descriptors to listen on. */
export const LISTEN_FD = "DAZZLE_LISTEN_FD";
