/** What the command line says about the configuration, as commander hands it over. */
export interface ConfigFlags {
  /** `--config FILE` */
  readonly config?: string | undefined;
  /** `--env NAME` */
  readonly env?: string | undefined;
  /** `ENTRY`, relative to the working directory. */
  readonly entry?: string | undefined;
  readonly workers?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly watch?: boolean | undefined;
  readonly local?: boolean | undefined;
  /** False: `--no-migrate`. */
  readonly migrate?: boolean | undefined;
  readonly controlPort?: string | undefined;
}
