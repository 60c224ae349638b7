/**
 * Fills the groups of settings from the option table. A row names the group and field of its value (`sets`), and
 * nothing else has to name either. Settings that depend on several options are made elsewhere (parse_settings.ts).
 */

import type { Option, OptionName, SettingRow, Target } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import type { RawValues } from "./raw_values.ts";
import { allValues, lastValue } from "./raw_values.ts";
import type { SettingGroups } from "./settings.ts";

/** The fields of a group that are named by rows of the table. */
type FieldsOf<Group> = Extract<SettingRow["sets"], readonly [Group, string]>[1];

/** The groups, with only the fields that rows of the table name. */
export type SettledGroups = {
  readonly [Group in keyof SettingGroups]: Pick<
    SettingGroups[Group],
    FieldsOf<Group> & keyof SettingGroups[Group]
  >;
};

/** Every group from these values and the table's defaults. The values must have been checked. */
export function settledGroups(values: RawValues): SettledGroups {
  // The compiler has checked that the type of each row's value fits its field (options.ts).
  return groupsOf(SETTING_OPTIONS, values) as SettledGroups;
}

/** Only what these values set themselves: a block of the configuration file. */
export function givenGroups(
  values: RawValues,
): { readonly [Group in keyof SettingGroups]?: Partial<SettledGroups[Group]> } {
  return groupsOf(SETTING_OPTIONS.filter(({ name }) => values.has(name)), values);
}

/** The settings that cannot change while stud runs, by the option's name. */
export function fixedSettings(settings: SettingGroups): Record<string, unknown> {
  return Object.fromEntries(FIXED.map((option) => [option.name, settingOf(option, settings)]));
}

/** The settings without those that are fixed. */
export function changeableSettings<Some extends SettingGroups>(settings: Some): Partial<Some> {
  const groups: Record<string, unknown> = { ...settings };
  for (const { sets } of FIXED) {
    const [group, field]: Target = sets;
    groups[group] = { ...groups[group] as object, [field]: undefined };
  }
  return groups as Partial<Some>;
}

/** The options that only Linux supports and that these settings use. */
export function linuxOptionsIn(settings: SettingGroups): OptionName[] {
  return SETTING_OPTIONS.filter((option) =>
    option.onlyOn === "linux" && settingOf(option, settings) !== lastValue(option.name, new Map())
  ).map(({ name }) => name);
}

type SettingOption = Option<OptionName> & Pick<Required<Option>, "sets">;

function groupsOf(
  options: readonly SettingOption[],
  values: RawValues,
): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { name, repeatable, sets: [group, field] } of options) {
    const value = repeatable ? allValues(name, values) : lastValue(name, values);
    (groups[group] ??= {})[field] = value ?? EMPTY[optionNamed(name).type.kind];
  }
  return groups;
}

function settingOf({ sets: [group, field] }: SettingOption, settings: SettingGroups): unknown {
  return Reflect.get(settings[group], field);
}

const SETTING_OPTIONS = OPTIONS.filter((option): option is SettingOption =>
  option.sets !== undefined
);
const FIXED = SETTING_OPTIONS.filter(({ isFixed }) => isFixed);

/** For each kind, the value that means "not set", if that is not undefined. */
const EMPTY: Partial<Record<Option["type"]["kind"], unknown>> = { "alpn-protocols": [] };
