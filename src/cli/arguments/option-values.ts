// How the values of options are read, for every command.
import { InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../base/errors.ts';

/** Makes a parser fit for commander: what it refuses is reported with the option's name. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof InputError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** An option that may be given many times, one value each. */
export function repeatable<T>(flags: string, description: string, parse: (text: string) => T): Option {
  const parseOne = argument(parse);
  return new Option(flags, description).argParser<T[]>((text, previous) => [...(previous ?? []), parseOne(text)]);
}
