/** The platforms that `supervise deploy` writes for. */
export const TARGETS = ["docker", "kubernetes", "systemd", "heroku"] as const;
export type Target = (typeof TARGETS)[number];
