/** Elements from data. Text is always set as text, so nothing that is shown can become markup. */

type Child = Node | string | number | null | false;

export interface Attributes {
  readonly class?: string;
  readonly title?: string;
  readonly [name: string]: string | number | boolean | ((event: Event) => void) | undefined;
}

/** `on…` attributes are listeners; true and false set or leave out the attribute. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  fill(element, ...children);
  return element;
}

/** Puts the children in place of what is there. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(
    ...children
      .filter((child) => child !== null && child !== false)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
}

/** Sets the text only when it has changed, so that selections and screen readers are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
