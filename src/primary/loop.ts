/** The one loop: takes the next event, asks `transition`, performs what it says, sets the next timer. */
import type { Effect, Event } from "../lifecycle/events.js";
import { nextDeadline } from "../lifecycle/settle.js";
import type { State } from "../lifecycle/state.js";
import { transition } from "../lifecycle/transition.js";

export interface Loop {
  /** Queues an event; it is taken before this returns unless another one is being taken. */
  dispatch(event: Event): void;
  state(): State;
}

/**
 * @param perform may dispatch: the event then waits until the effects before it are done.
 * @param changed called once no event is left to take.
 */
export function createLoop(
  initial: State,
  perform: (effect: Effect) => void,
  changed: () => void,
): Loop {
  const queue: Event[] = [];
  let state = initial;
  let busy = false;
  let timer: NodeJS.Timeout | undefined;

  const dispatch = (event: Event): void => {
    queue.push(event);
    if (busy) return;
    busy = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const step = transition(state, next, performance.now(), Math.random());
      state = step.state;
      for (const effect of step.effects) perform(effect);
    }
    busy = false;
    schedule();
    changed();
  };

  const schedule = (): void => {
    clearTimeout(timer);
    const now = performance.now();
    const due = nextDeadline(state, now);
    // A millisecond later than due: a timer may fire a fraction early.
    if (due !== null)
      timer = setTimeout(() => dispatch({ type: "tick" }), Math.max(0, due - now) + 1);
  };

  return { dispatch, state: () => state };
}
