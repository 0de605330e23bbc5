/**
 * Two spellings that differ as text but may mean the same: the server spells an expression anew each
 * time it reads one, and not always to the same end. Only the server can tell (settle.ts).
 */
export interface Question {
  readonly kind: "constraint" | "index" | "default" | "generated" | "domain";
  /** The table, or the domain. */
  readonly of: string;
  /** The column, for a default or a generated one. */
  readonly column: string | null;
  readonly live: string;
  readonly desired: string;
}

/** True when both spellings mean the same. Asked with equal ones too. */
export type Same = (question: Question) => boolean;

export const questionKey = ({ kind, of, column, live, desired }: Question): string =>
  JSON.stringify([kind, of, column, live, desired]);

/** Answers from what is known, and notes what is not. */
export function sameBy(known: ReadonlySet<string>, open?: Map<string, Question>): Same {
  return (question) => {
    if (question.live === question.desired) return true;
    const name = questionKey(question);
    if (known.has(name)) return true;
    open?.set(name, question);
    return false;
  };
}
