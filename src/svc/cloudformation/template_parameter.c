/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters: what a template says of them, and what those who use it give for them.
 */
#include "svc/cloudformation/template_int.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/codec.h"

#define MATCH_STEPS_MAX 1000000
#define DEFAULT_BYTES_MAX 4096u
#define SSM_VALUE STR("AWS::SSM::Parameter::Value<")

/* ---- types ---- */

static bool is_thing(struct str type)
{
    static const char *const things[] = {
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::Volume::Id",
        "AWS::EC2::VPC::Id",
        "AWS::Route53::HostedZone::Id",
    };

    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        if (str_eq(type, str_c(things[i]))) {
            return true;
        }
    }
    return false;
}

/* What stands between name< and >; STR_NONE: another type. */
static struct str type_within(struct str type, struct str name)
{
    bool within = str_starts(type, name) && str_ends(type, STR(">"));

    return within ? str_slice(type, name.bytes, type.bytes - 1) : STR_NONE;
}

static bool is_list(struct str type)
{
    struct str ssm = type_within(type, SSM_VALUE);
    struct str inner = ssm.at != NULL ? ssm : type;

    return str_eq(inner, STR("CommaDelimitedList")) || str_starts(inner, STR("List<"));
}

static bool is_numeric(struct str type)
{
    return str_eq(type, STR("Number")) || str_eq(type, STR("List<Number>"));
}

static bool is_plain_type(struct str type)
{
    struct str item = type_within(type, STR("List<"));

    return str_eq(type, STR("String")) || str_eq(type, STR("CommaDelimitedList")) ||
           str_eq(item, STR("String")) || is_numeric(type) || is_thing(type) || is_thing(item);
}

static bool is_type(struct str type)
{
    struct str ssm = type_within(type, SSM_VALUE);

    return is_plain_type(type) || str_eq(type, STR("AWS::SSM::Parameter::Name")) ||
           (ssm.at != NULL && is_plain_type(ssm) && !is_numeric(ssm));
}

/* ---- reading ---- */

static status member_text(const struct value *definition, const char *key, struct arena *arena,
                          struct why *why, struct str *ret_text)
{
    const struct value *value = doc_get(definition, key);

    if (value == NULL) {
        *ret_text = STR_NONE;
        return OK;
    }
    if (!template_is_scalar(value)) {
        return template_wrong(why, "Template format error: Every %s member must be a string.", key);
    }
    *ret_text = doc_text(arena, value);
    return OK;
}

static status check_keys(const struct template_parameter *parameter, struct why *why)
{
    static const char *const keys[] = {
        "Type",     "Default",  "NoEcho",    "AllowedValues", "AllowedPattern",        "MaxLength",
        "MinValue", "MaxValue", "MinLength", "Description",   "ConstraintDescription",
    };
    const struct value *definition = parameter->definition;

    if (definition->kind != VALUE_MAP) {
        return template_wrong(why, "Template format error: Any Parameters member must be a JSON "
                                   "object.");
    }
    for (uint32_t i = 0; i < definition->count; i++) {
        bool known = false;

        for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
            known = known || str_eq(definition->pairs[i].key, str_c(keys[j]));
        }
        if (!known) {
            return template_wrong(why, "Invalid template parameter property '%.*s'",
                                  STR_ARG(definition->pairs[i].key));
        }
    }
    return OK;
}

static status check_type(const struct template_parameter *parameter, struct why *why)
{
    if (parameter->type.at == NULL) {
        return template_wrong(
            why, "Template format error: Every Parameters object must contain a Type member.");
    }
    return is_type(parameter->type)
               ? OK
               : template_wrong(why, "Template format error: Unrecognized parameter type: %.*s",
                                STR_ARG(parameter->type));
}

/* Constraints that do not belong to the type. */
static status check_constraints(const struct template_parameter *parameter, struct why *why)
{
    bool numeric = is_numeric(parameter->type);
    const char *wrong = NULL;
    static const char *const lengths[] = {"MinLength", "MaxLength"};
    static const char *const bounds[] = {"MinValue", "MaxValue"};

    for (int i = 0; i < 2; i++) {
        if (numeric && doc_get(parameter->definition, lengths[i]) != NULL) {
            wrong = lengths[i];
        }
        if (!numeric && doc_get(parameter->definition, bounds[i]) != NULL) {
            wrong = bounds[i];
        }
    }
    return wrong == NULL
               ? OK
               : template_wrong(why,
                                "Template error: Parameter '%.*s' %s must be on a parameter of "
                                "type %s",
                                STR_ARG(parameter->name), wrong, numeric ? "String" : "Number");
}

static status check_allowed(const struct template_parameter *parameter, struct why *why)
{
    const struct value *allowed = doc_get(parameter->definition, "AllowedValues");

    if (allowed == NULL) {
        return OK;
    }
    if (allowed->kind != VALUE_LIST) {
        return template_wrong(why, "Template format error: AllowedValues must be a list.");
    }
    for (uint32_t i = 0; i < allowed->count; i++) {
        if (!template_is_scalar(&allowed->items[i])) {
            return template_wrong(
                why, "Template format error: Every AllowedValues value must be a string.");
        }
    }
    return OK;
}

static status read_parameter(struct template_parameter *parameter, struct arena *arena,
                             struct why *why)
{
    const struct value *definition = parameter->definition;
    struct str no_echo;

    TRY(check_keys(parameter, why));
    TRY(member_text(definition, "Type", arena, why, &parameter->type));
    TRY(check_type(parameter, why));
    TRY(member_text(definition, "Description", arena, why, &parameter->description));
    TRY(member_text(definition, "ConstraintDescription", arena, why, &parameter->constraint));
    TRY(member_text(definition, "Default", arena, why, &parameter->fallback));
    TRY(member_text(definition, "NoEcho", arena, why, &no_echo));
    parameter->has_fallback = doc_get(definition, "Default") != NULL;
    if (parameter->has_fallback && parameter->fallback.at == NULL) {
        parameter->fallback = STR("");
    }
    parameter->no_echo = str_eq_nocase(no_echo, STR("true"));
    if (parameter->fallback.bytes > DEFAULT_BYTES_MAX) {
        return template_wrong(why,
                              "Template format error: Parameter '%.*s' default value '[****]' "
                              "length is greater than %u.",
                              STR_ARG(parameter->name), DEFAULT_BYTES_MAX);
    }
    if (template_has_ssm(parameter->fallback, true)) {
        return template_wrong(why,
                              "Template error: parameter %.*s should not contain ssm versionless "
                              "resolver",
                              STR_ARG(parameter->name));
    }
    TRY(check_constraints(parameter, why));
    return check_allowed(parameter, why);
}

static status check_name(struct str name, struct why *why)
{
    bool plain = template_variable_good(name) && str_find(name, '.', 0) == name.bytes &&
                 str_find(name, ':', 0) == name.bytes && str_find(name, '_', 0) == name.bytes;

    return plain && name.bytes <= 255
               ? OK
               : template_wrong(why,
                                "Template format error: Parameter name %.*s is non alphanumeric.",
                                STR_ARG(name));
}

status template_read_parameters(const struct value *section, struct arena *arena, struct why *why,
                                struct template *t)
{
    if (section == NULL) {
        return OK;
    }
    t->parameters = arena_zero(arena, (section->count + 1) * sizeof(t->parameters[0]));
    for (uint32_t i = 0; i < section->count; i++) {
        struct template_parameter *parameter = &t->parameters[t->parameter_count];

        if (t->pending && str_starts(section->pairs[i].key, STR("Fn::"))) {
            continue;
        }
        parameter->name = section->pairs[i].key;
        parameter->definition = &section->pairs[i].value;
        TRY(check_name(parameter->name, why));
        TRY(read_parameter(parameter, arena, why));
        t->parameter_count++;
    }
    return template_count_check("parameters", t->parameter_count, TEMPLATE_PARAMETERS_MAX, why);
}

/* ---- one value and its constraints ---- */

/* A value that is being checked. */
struct checking {
    const struct template_parameter *parameter; /* whose */
    struct str value;                           /* of a list: one of its items */
    struct arena *arena;                        /* for texts */
    struct why *why;                            /* for the sentence */
};

static status violated(const struct checking *checking, struct str reason)
{
    const struct template_parameter *parameter = checking->parameter;

    if (parameter->constraint.bytes > 0) {
        return template_wrong(checking->why, "Parameter %.*s failed to satisfy constraint: %.*s",
                              STR_ARG(parameter->name), STR_ARG(parameter->constraint));
    }
    return template_wrong(checking->why, "Parameter '%.*s' %.*s", STR_ARG(parameter->name),
                          STR_ARG(reason));
}

static status check_among(const struct checking *checking)
{
    const struct value *allowed = doc_get(checking->parameter->definition, "AllowedValues");

    for (uint32_t i = 0; allowed != NULL && i < allowed->count; i++) {
        if (str_eq(doc_text(checking->arena, &allowed->items[i]), checking->value)) {
            return OK;
        }
    }
    return allowed == NULL ? OK : violated(checking, STR("must be one of AllowedValues"));
}

/* 1: it does; 0: it does not; -1: the pattern is none. */
static int matches(struct str pattern, struct str value)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.bytes,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ANCHORED |
                                         PCRE2_ENDANCHORED,
                                     &error, &at, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int matched = -1;

    if (code != NULL && limits != NULL && data != NULL) {
        pcre2_set_match_limit(limits, MATCH_STEPS_MAX);
        matched = pcre2_match(code, (PCRE2_SPTR)(value.at == NULL ? "" : value.at), value.bytes, 0,
                              0, data, limits) >= 0;
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
    return matched;
}

static status check_pattern(const struct checking *checking)
{
    const struct value *given = doc_get(checking->parameter->definition, "AllowedPattern");
    struct str pattern = given == NULL ? STR_NONE : doc_text(checking->arena, given);
    int matched;

    if (pattern.at == NULL) {
        return OK;
    }
    matched = matches(pattern, checking->value);
    if (matched < 0) {
        return template_wrong(
            checking->why,
            "Parameter '%.*s' AllowedPattern must be a valid regular expression.",
            STR_ARG(checking->parameter->name));
    }
    return matched > 0 ? OK
                       : violated(checking, arena_printf(checking->arena, "must match pattern %.*s",
                                                         STR_ARG(pattern)));
}

static bool number_of(const struct checking *checking, const char *key, double *ret_number,
                      struct str *ret_text)
{
    const struct value *given = doc_get(checking->parameter->definition, key);

    *ret_text = given == NULL ? STR_NONE : doc_text(checking->arena, given);
    return given != NULL && str_to_double(*ret_text, ret_number);
}

static status check_length(const struct checking *checking)
{
    double count = (double)utf8_count(checking->value);
    double bound;
    struct str text;

    if (number_of(checking, "MinLength", &bound, &text) && count < bound) {
        return violated(checking, arena_printf(checking->arena,
                                               "must contain at least %.*s characters",
                                               STR_ARG(text)));
    }
    if (number_of(checking, "MaxLength", &bound, &text) && count > bound) {
        return violated(checking, arena_printf(checking->arena,
                                               "must contain at most %.*s characters",
                                               STR_ARG(text)));
    }
    return OK;
}

/* More than JSON has: zeros may lead ("07"), a plus may. */
static bool is_number(struct str text, double *ret_number)
{
    bool negative = str_starts(text, STR("-"));
    size_t at = negative || str_starts(text, STR("+")) ? 1 : 0;
    double number;

    while (at + 1 < text.bytes && text.at[at] == '0' && text.at[at + 1] >= '0' &&
           text.at[at + 1] <= '9') {
        at++;
    }
    if (at >= text.bytes || text.at[at] < '0' || text.at[at] > '9' ||
        !str_to_double(str_slice(text, at, text.bytes), &number)) {
        return false;
    }
    *ret_number = negative ? -number : number;
    return true;
}

static status check_number(const struct checking *checking)
{
    double number;
    double bound;
    struct str text;

    if (!is_number(checking->value, &number)) {
        return violated(checking, STR("must be a number"));
    }
    if (number_of(checking, "MinValue", &bound, &text) && number < bound) {
        return violated(checking, arena_printf(checking->arena,
                                               "must be a number not less than %.*s",
                                               STR_ARG(text)));
    }
    if (number_of(checking, "MaxValue", &bound, &text) && number > bound) {
        return violated(checking, arena_printf(checking->arena,
                                               "must be a number not greater than %.*s",
                                               STR_ARG(text)));
    }
    return OK;
}

static status check_item(const struct checking *checking)
{
    if (is_numeric(checking->parameter->type)) {
        TRY(check_number(checking));
    }
    TRY(check_among(checking));
    TRY(check_pattern(checking));
    return is_numeric(checking->parameter->type) ||
                   (is_list(checking->parameter->type) &&
                    type_within(checking->parameter->type, SSM_VALUE).at == NULL)
               ? OK
               : check_length(checking); /* of SSM's, the name is what is checked */
}

/* A text cut at commas, without the spaces around. */
static struct value list_of(struct str text, struct arena *arena)
{
    struct str rest = text.at == NULL ? STR("") : text;
    size_t count = 1;
    struct value list;

    for (size_t i = 0; i < text.bytes; i++) {
        count += text.at[i] == ',';
    }
    list = template_list(arena, count);
    while (list.count < count) {
        struct str item = str_trim(str_split(&rest, ','));

        *template_list_add(&list) = template_text(item);
    }
    return list;
}

static status check_value(struct checking *checking, struct str text)
{
    struct str type = checking->parameter->type;
    struct value list;

    checking->value = text;
    if (!is_list(type) || type_within(type, SSM_VALUE).at != NULL) {
        return check_item(checking);
    }
    list = list_of(text, checking->arena);
    for (uint32_t i = 0; i < list.count; i++) {
        checking->value = list.items[i].str;
        TRY(check_item(checking));
    }
    return OK;
}

/* ---- all values ---- */

/* Giving values. */
struct giving {
    const struct template_asking *asking; /* what was given */
    struct arena *arena;                  /* for texts */
    struct why *why;                      /* for the sentence */
    struct template_names without;        /* parameters without a value */
    struct template_names unknown;        /* of SSM that are not there */
};

static const struct template_given *given_of(const struct template_given *given, size_t count,
                                             struct str name)
{
    for (size_t i = count; i > 0; i--) {
        if (str_eq(given[i - 1].name, name)) {
            return &given[i - 1];
        }
    }
    return NULL;
}

static status text_of(struct giving *giving, const struct template_parameter *parameter,
                      struct str *ret_text)
{
    const struct template_asking *asking = giving->asking;
    const struct template_given *given =
        given_of(asking->given, asking->given_count, parameter->name);
    struct str text = parameter->fallback;

    if (given != NULL && given->use_previous) {
        given = given_of(asking->before, asking->before_count, parameter->name);
        if (given == NULL) {
            return template_wrong(giving->why,
                                  "Invalid input for parameter key %.*s. Cannot specify "
                                  "usePreviousValue as true for a parameter key not in the "
                                  "previous template",
                                  STR_ARG(parameter->name));
        }
    }
    if (given != NULL) {
        text = given->value.at == NULL ? STR("") : given->value;
    } else if (!parameter->has_fallback) {
        template_names_add(&giving->without, parameter->name);
        text = STR_NONE;
    }
    *ret_text = text;
    return OK;
}

static struct str joined(struct arena *arena, const struct value *list)
{
    struct str text = STR("");

    for (uint32_t i = 0; i < list->count; i++) {
        text = arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), i == 0 ? "" : ",",
                            STR_ARG(list->items[i].str));
    }
    return text;
}

/* What a parameter of SSM is worth now. */
static status resolve(struct giving *giving, struct template_argument *argument)
{
    struct template_question question = {.kind = TEMPLATE_SSM,
                                         .name = argument->text,
                                         .list = is_list(argument->parameter->type),
                                         .arena = giving->arena,
                                         .why = giving->why};
    status asked = template_ask(giving->asking->world, &question, &argument->value);

    if (asked == &ERR_NOT_FOUND) {
        template_names_add(&giving->unknown, argument->text);
        return OK;
    }
    TRY(asked);
    if (argument->value.kind == VALUE_STR) {
        argument->resolved = argument->value.str;
        if (question.list) { /* without the spaces, unlike dynamic references */
            argument->value = list_of(argument->resolved, giving->arena);
            argument->resolved = joined(giving->arena, &argument->value);
        }
    }
    return OK;
}

/* The name of a parameter of SSM that has to be there. */
static status check_there(struct giving *giving, const struct template_argument *argument)
{
    struct template_question question = {.kind = TEMPLATE_SSM_NAME,
                                         .name = argument->text,
                                         .arena = giving->arena,
                                         .why = giving->why};
    struct value unasked;
    status asked = template_ask(giving->asking->world, &question, &unasked);

    return asked == &ERR_NOT_FOUND
               ? template_wrong(giving->why,
                                "Parameter validation failed: parameter value %.*s for parameter "
                                "name %.*s does not exist",
                                STR_ARG(argument->text), STR_ARG(argument->parameter->name))
               : asked;
}

/* Dynamic references to plain parameters of SSM are resolved at once, others where they stand. */
static status give_text(struct giving *giving, struct template_argument *argument)
{
    struct template_run run = {
        .world = giving->asking->world, .arena = giving->arena, .why = giving->why};
    struct value text = template_text(argument->text);

    if (template_has_ssm(argument->text, false)) {
        TRY(template_dynamic(&run, &text));
    }
    argument->value = is_list(argument->parameter->type) && text.kind == VALUE_STR
                          ? list_of(text.str, giving->arena)
                          : text;
    return OK;
}

static status give(struct giving *giving, const struct template_parameter *parameter,
                   struct template_argument *argument)
{
    struct checking checking = {
        .parameter = parameter, .arena = giving->arena, .why = giving->why};

    argument->parameter = parameter;
    TRY(text_of(giving, parameter, &argument->text));
    if (argument->text.at == NULL) {
        return OK;
    }
    TRY(check_value(&checking, argument->text));
    if (type_within(parameter->type, SSM_VALUE).at != NULL) {
        return resolve(giving, argument);
    }
    if (str_eq(parameter->type, STR("AWS::SSM::Parameter::Name"))) {
        TRY(check_there(giving, argument));
    }
    return give_text(giving, argument);
}

static status check_given(const struct template *t, struct giving *giving)
{
    struct template_names extra = {.arena = giving->arena};

    for (size_t i = 0; i < giving->asking->given_count; i++) {
        if (template_parameter_index(t, giving->asking->given[i].name) < 0) {
            template_names_add(&extra, giving->asking->given[i].name);
        }
    }
    return extra.count == 0
               ? OK
               : template_wrong(giving->why, "Parameters: [%s] do not exist in the template",
                                template_names_text(&extra).at);
}

status template_arguments(const struct template *t, const struct template_asking *asking,
                          struct arena *arena, struct why *why,
                          struct template_argument **ret_arguments)
{
    struct giving giving = {.asking = asking, .arena = arena, .why = why,
                            .without = {.arena = arena}, .unknown = {.arena = arena}};
    struct template_argument *arguments =
        arena_zero(arena, (t->parameter_count + 1) * sizeof(arguments[0]));

    TRY(check_given(t, &giving));
    for (uint32_t i = 0; i < t->parameter_count; i++) {
        TRY(give(&giving, &t->parameters[i], &arguments[i]));
    }
    if (giving.without.count > 0) {
        return template_wrong(why, "Parameters: [%s] must have values",
                              template_names_text(&giving.without).at);
    }
    if (giving.unknown.count > 0) {
        return template_wrong(why,
                              "Unable to fetch parameters [%s] from parameter store for this "
                              "account.",
                              template_names_text(&giving.unknown).at);
    }
    *ret_arguments = arguments;
    return OK;
}
