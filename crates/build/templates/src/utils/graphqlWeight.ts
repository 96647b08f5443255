import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/** Levels of objects; fields and fragments, however they are called; rows and lists that are read for them. */
const MOST = { depth: 6, fields: 200, reads: 100 } as const;

interface Weight {
  depth: number;
  fields: number;
  reads: number;
}

/** Why an operation asks for too much, before anything is done for it. */
export function excess(document: DocumentNode, variables: Readonly<Record<string, unknown>>, pages: Readonly<Record<string, number>>): string | undefined {
  const { depth, fields, reads } = weigh(document, variables, pages);
  if (⟦graphql-fields│fields > MOST.fields│fields > 1_000_000⟧) {
    return `asks for more than ${MOST.fields} fields`;
  }
  if (⟦graphql-depth│depth > MOST.depth│depth > 1_000_000⟧) {
    return `is deeper than ${MOST.depth} levels`;
  }
  if (⟦graphql-reads│reads > MOST.reads│reads > 1_000_000⟧) {
    return `reads more than ${MOST.reads} rows and lists`;
  }
  return undefined;
}

/** `pages` are the fields that are lists, with how much each gives when nothing is said. */
function weigh(document: DocumentNode, variables: Readonly<Record<string, unknown>>, pages: Readonly<Record<string, number>>): Weight {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const weight: Weight = { depth: 0, fields: 0, reads: 0 };
  const add = (set: SelectionSetNode | undefined, depth: number, times: number, page?: number): void => {
    for (const selection of set?.selections ?? []) {
      weight.fields += 1;
      // Fragments inside of fragments may unfold to anything, and hold themselves: nobody unfolds more than is allowed.
      if (weight.fields > MOST.fields) {
        return;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        add(fragments.get(selection.name.value)?.selectionSet, depth, times, page);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        add(selection.selectionSet, depth, times, page);
      } else if (selection.selectionSet !== undefined && !selection.name.value.startsWith('__')) {
        weight.depth = Math.max(weight.depth, depth + 1);
        if (page !== undefined && selection.name.value === 'items') {
          add(selection.selectionSet, depth + 1, times * page);
        } else {
          weight.reads += times;
          const said = pages[selection.name.value];
          add(selection.selectionSet, depth + 1, times, said && limitOf(selection, said, variables));
        }
      }
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      add(definition.selectionSet, 0, 1);
    }
  }
  return weight;
}

/** What the argument `limit` says, here or in a variable; one that is said elsewhere may be anything. */
function limitOf({ arguments: given = [] }: FieldNode, unsaid: number, variables: Readonly<Record<string, unknown>>): number {
  const value = given.find(({ name }) => name.value === 'limit')?.value;
  if (value === undefined) {
    return unsaid;
  }
  const limit = value.kind === Kind.INT ? Number(value.value) : value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  return typeof limit === 'number' && limit >= 1 ? limit : Number.POSITIVE_INFINITY;
}
