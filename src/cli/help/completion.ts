/**
 * Shell completion as static scripts made from the command tree, so that pressing Tab starts no
 * program. A word that stands for a file completes to files.
 */
import type { Command, Option } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export interface Word {
  readonly word: string;
  readonly meaning: string;
}

interface Flag extends Word {
  /** It is followed by a value. */
  readonly takesValue: boolean;
  /** The values that it can have, where they are few. */
  readonly values: readonly string[];
}

/** A command with what may follow it. */
export interface Node {
  /** `""` is the program, `db revision` a command below another. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly flags: readonly Flag[];
  /** Words for its first argument; empty: files. */
  readonly words: readonly string[];
}

const firstSentence = (text: string): string => text.replaceAll("\n", " ").split("; ")[0] ?? "";

/** Where the program says in its own words which values there are, and not as choices. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "--env": ["development", "staging", "production"],
};
/** Followed by the name of a file. */
const FILES = ["--config", "--from", "--output"];
/** Arguments that may be files. */
const takesFiles = (path: string): boolean => ["", "serve", "init"].includes(path);

const flagsOf = (option: Option): Flag[] =>
  [option.long, option.short].flatMap((word) =>
    word === undefined
      ? []
      : [
          {
            word,
            meaning: firstSentence(option.description),
            takesValue: option.required,
            values: option.argChoices ?? VALUES[word] ?? [],
          },
        ],
  );

/** Every command, the program first. `words` gives the arguments that are known beforehand. */
export function commandTree(
  program: Command,
  words: Readonly<Record<string, readonly string[]>>,
): Node[] {
  const global = program.options.flatMap(flagsOf);
  const walk = (command: Command, path: string): Node[] => [
    {
      path,
      commands: command.commands.map((child) => ({
        word: child.name(),
        meaning: firstSentence(child.description()),
      })),
      flags: [
        ...(path === "" ? [] : command.options.flatMap(flagsOf)),
        ...global,
        { word: "--help", meaning: "help", takesValue: false, values: [] },
      ],
      words: words[path] ?? [],
    },
    ...command.commands.flatMap((child) => walk(child, `${path} ${child.name()}`.trim())),
  ];
  const nodes = walk(program, "");
  // `serve` may be left out: its options and its file belong to the program too.
  const serve = nodes.find((node) => node.path === "serve");
  return nodes.map((node) =>
    node.path === "" && serve !== undefined
      ? { ...node, flags: [...serve.flags.filter(isNew(node.flags)), ...node.flags] }
      : node,
  );
}

const isNew =
  (known: readonly Flag[]) =>
  (flag: Flag): boolean =>
    known.every((other) => other.word !== flag.word);

export function completionScript(shell: Shell, nodes: readonly Node[]): string {
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return zsh(nodes);
    case "fish":
      return fish(nodes);
  }
}

/** Flags with few values, and those values. */
const choicesIn = (nodes: readonly Node[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    nodes
      .flatMap(({ flags }) => flags)
      .filter(({ values }) => values.length > 0)
      .map(({ word, values }) => [word, values]),
  );

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const wordsOf = (list: readonly Word[]): string => list.map(({ word }) => word).join(" ");

/** The words before the cursor, options left out, as far as they name commands. */
function bash(nodes: readonly Node[]): string {
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => single(path));
  const valued = [
    ...new Set(nodes.flatMap(({ flags }) => flags).filter((flag) => flag.takesValue)),
  ];
  const choices = choicesIn(nodes);
  const cases = nodes.map(({ path, commands, flags, words }) => {
    const plain = [wordsOf(commands), words.join(" ")].join(" ").trim();
    return `    ${single(path)}) flags=${single(wordsOf(flags))}; plain=${single(plain)} ;;`;
  });
  return `# bash completion of supervise, also called dazzle
_supervise() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= word next flags= plain= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] && continue
    next="\${path:+$path }$word"
    case $next in ${paths.join("|")}) path=$next ;; esac
  done
  case $prev in
${[...choices].map(([word, values]) => `    ${word}) COMPREPLY=($(compgen -W ${single(values.join(" "))} -- "$cur")); return ;;`).join("\n")}
    ${FILES.join("|")}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${[...new Set(valued.map(({ word }) => word))].filter((word) => !choices.has(word) && !FILES.includes(word)).join("|")}) return ;;
  esac
  case $path in
${cases.join("\n")}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$plain" -- "$cur"))
    [[ $path == '' || $path == serve || $path == init ]] && COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _supervise supervise dazzle
`;
}

const described = (list: readonly Word[]): string =>
  list.map(({ word, meaning }) => single(`${word}:${meaning.replaceAll(":", "\\:")}`)).join(" ");

function zsh(nodes: readonly Node[]): string {
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => single(path));
  const cases = nodes.map(
    ({ path, commands, flags, words }) =>
      `    ${single(path)}) flags=(${described(flags)}); plain=(${described(commands)} ${words.map(single).join(" ")}) ;;`,
  );
  return `#compdef supervise dazzle
_supervise() {
  local path_= word next i
  local -a flags plain
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    [[ $word == -* ]] && continue
    next="\${path_:+$path_ }$word"
    case $next in (${paths.join("|")}) path_=$next ;; esac
  done
  case $words[CURRENT-1] in
${[...choicesIn(nodes)].map(([word, values]) => `    ${word}) compadd -- ${values.map(single).join(" ")}; return ;;`).join("\n")}
    ${FILES.join("|")}) _files; return ;;
  esac
  case $path_ in
${cases.join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o option flags
  else
    _describe command plain
    [[ $path_ == '' || $path_ == serve || $path_ == init || $words[CURRENT-1] == -* ]] && _files
  fi
}
if [[ $funcstack[1] == _supervise ]]; then _supervise "$@"; else compdef _supervise supervise dazzle; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, flags, words }) => {
    const condition = `-n ${single(`__supervise_at ${single(path).replaceAll("'", '"')}`)}`;
    return [
      ...(takesFiles(path) ? [`${condition} -F`] : []),
      ...commands.map(
        ({ word, meaning }) => `${condition} -a ${single(word)} -d ${single(meaning)}`,
      ),
      ...words.map((word) => `${condition} -a ${single(word)}`),
      ...flags.map(({ word, meaning, takesValue, values }) =>
        [
          condition,
          word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
          `-d ${single(meaning)}`,
          ...(takesValue ? [FILES.includes(word) ? "-r -F" : "-x"] : []),
          ...(values.length > 0 ? [`-a ${single(values.join(" "))}`] : []),
        ].join(" "),
      ),
    ];
  });
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => single(path));
  return `# fish completion of supervise, also called dazzle
function __supervise_path
    set -l path ''
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and continue
        set -l next (string trim "$path $word")
        contains -- $next ${paths.join(" ")}; and set path $next
    end
    echo $path
end
function __supervise_at
    test (__supervise_path) = "$argv[1]"
end
for program in supervise dazzle
    complete -c $program -f
${lines.map((line) => `    complete -c $program ${line}`).join("\n")}
end
`;
}
