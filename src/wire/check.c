/* SPDX-License-Identifier: Apache-2.0
 *
 * Is an input what the model allows? Walks the tree beside its shapes and gathers every violation
 * in AWS's words:
 *
 *   2 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: Member
 *   must have length greater than or equal to 1; Value null at 'records.1.member.data' failed to …
 *
 * Names begin in lower case; structures in lists are counted from 1 and say ".member", those in
 * maps name their key. Of what is no structure the list or map itself is blamed, once, with all
 * that its items must be: "Map keys must satisfy constraint: [Member must have length …, …]".
 * Patterns are compiled once, on first use, and match the whole text; a pattern of Java's that
 * PCRE2 does not know is passed over.
 */
#include "base/buf.h"
#include "base/codec.h"
#include "base/mem.h"
#include "sys/thread.h"
#include "wire/mismatch.h"
#include "wire/wire.h"

#include <assert.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATH_BYTES_MAX 512
#define TEXT_BYTES_MAX (WHY_BYTES_MAX - 128)
#define SHOWN_BYTES_MAX 400 /* of a value in a message */
#define RULES_BYTES_MAX 600 /* of what a value must be */
#define MATCH_STEPS_MAX 1000000
#define PATTERN_SUBJECT_BYTES_MAX 65536 /* longer texts are only measured */

/* One name on the way to a value, on the stack of the walk: the way is written out only for what is
 * wrong, which is rare; a request of 500 records has a thousand of them. */
struct step {
    const struct step *outer; /* the name before; NULL: the first */
    struct str name;          /* of a member or a key */
    uint32_t item;            /* of a list, counted from 1; 0: it is a name */
    bool member;              /* the name is a structure's member */
};

struct checker {
    struct buf text;   /* the violations so far */
    const struct step *path; /* where the walk is */
    uint32_t count;    /* of violations */
    bool body_only;    /* S3: only what travels in the body */
    bool lenient;      /* SQS: it has words of its own for names that are unknown */
    status code;       /* what is said: some services have codes of their own */
    bool names;        /* IAM: names that break its pattern have a sentence of their own */
    struct str named;  /* the first such member; STR_NONE: none */
    struct str missing; /* the first required member that is not there; STR_NONE: none */
    int depth;
};

/* ---- patterns ---- */

/* Compiled patterns by the offset of their text: an open table that only grows. An entry with code
 * NULL is a pattern that cannot be compiled. */
struct compiled {
    uint32_t pattern; /* offset of the text + 1; 0: free */
    pcre2_code *code;
};

#define COMPILED_SLOTS 8192 /* the models have about 3,000 different patterns */

static struct compiled compiled[COMPILED_SLOTS];
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

static pcre2_code *compile(struct str pattern)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.at, pattern.bytes,
                                     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ANCHORED |
                                         PCRE2_ENDANCHORED,
                                     &error, &at, NULL);

    if (code != NULL) {
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    }
    return code;
}

/* The compiled form of a pattern; NULL when there is none. */
static pcre2_code *pattern_code(uint32_t pattern)
{
    uint32_t at = pattern * 2654435761u % COMPILED_SLOTS;

    for (;; at = (at + 1) % COMPILED_SLOTS) {
        uint32_t there = __atomic_load_n(&compiled[at].pattern, __ATOMIC_ACQUIRE);

        if (there == pattern + 1) {
            return compiled[at].code;
        }
        if (there == 0) {
            break;
        }
    }
    pthread_mutex_lock(&compiling);
    while (compiled[at].pattern != 0 && compiled[at].pattern != pattern + 1) {
        at = (at + 1) % COMPILED_SLOTS;
    }
    if (compiled[at].pattern == 0) {
        compiled[at].code = compile(model_text(pattern));
        __atomic_store_n(&compiled[at].pattern, pattern + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&compiling);
    return compiled[at].code;
}

/* A text of plain letters, digits and _.-: what [a-zA-Z0-9_.-]+ means, the commonest pattern. */
static bool is_plain_name(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        char ch = s.at[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '_' || ch == '.' || ch == '-')) {
            return false;
        }
    }
    return s.bytes > 0;
}

/* How long a match may take; made once, read by all. */
static pcre2_match_context *limits(void)
{
    static pcre2_match_context *context;
    pcre2_match_context *there = __atomic_load_n(&context, __ATOMIC_ACQUIRE);

    if (there != NULL) {
        return there;
    }
    pthread_mutex_lock(&compiling);
    if (context == NULL) {
        there = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(there, MATCH_STEPS_MAX);
        __atomic_store_n(&context, there, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&compiling);
    return context;
}

static bool matches(uint32_t pattern, struct str s)
{
    pcre2_match_data *match_data;
    pcre2_code *code;
    int matched;

    if (str_eq(model_text(pattern), STR("[a-zA-Z0-9_.-]+"))) {
        return is_plain_name(s);
    }
    code = pattern_code(pattern);
    if (code == NULL || s.bytes > PATTERN_SUBJECT_BYTES_MAX) {
        return true;
    }
    match_data = pcre2_match_data_create(1, NULL); /* only whether it matches is asked */
    matched = pcre2_match(code, (PCRE2_SPTR)(s.at == NULL ? "" : s.at), s.bytes, 0, 0, match_data,
                          limits());
    pcre2_match_data_free(match_data);
    return matched >= 0;
}

/* ---- messages ---- */

static void show_value(struct buf *out, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_STR:
        buf_add(out, str_slice(value->str, 0, SHOWN_BYTES_MAX));
        return;
    case VALUE_BLOB:
        buf_printf(out, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", value->str.bytes,
                   value->str.bytes);
        return;
    case VALUE_LIST:
        buf_add_c(out, '[');
        for (uint32_t i = 0; i < value->count && i < 20; i++) {
            buf_add(out, i > 0 ? STR(", ") : STR_NONE);
            show_value(out, &value->items[i]);
        }
        buf_add_c(out, ']');
        return;
    case VALUE_MAP:
        buf_add_c(out, '{');
        for (uint32_t i = 0; i < value->count && i < 20; i++) {
            buf_add(out, i > 0 ? STR(", ") : STR_NONE);
            buf_add(out, str_slice(value->pairs[i].key, 0, SHOWN_BYTES_MAX));
            buf_add_c(out, '=');
            show_value(out, &value->pairs[i].value);
        }
        buf_add_c(out, '}');
        return;
    default:
        value_dump(out, value);
        return;
    }
}

static void add_step(struct buf *out, const struct step *step)
{
    struct str name = step->name;

    if (out->bytes > 0) {
        buf_add_c(out, '.');
    }
    if (step->item > 0) {
        buf_printf(out, "%u.member", step->item);
    } else if (step->member && name.bytes > 0) { /* streamName; URLs keep their capitals */
        bool acronym = name.bytes > 1 && name.at[1] >= 'A' && name.at[1] <= 'Z';
        char first = name.at[0];

        buf_add_c(out, !acronym && first >= 'A' && first <= 'Z' ? (char)(first + 32) : first);
        buf_add(out, str_slice(name, 1, name.bytes));
    } else {
        buf_add(out, name);
    }
}

static void add_path(struct buf *out, const struct step *path)
{
    const struct step *steps[WIRE_DEPTH_MAX + 1];
    size_t count = 0;

    for (; path != NULL; path = path->outer) {
        assert(count <= WIRE_DEPTH_MAX);
        steps[count++] = path;
    }
    while (count > 0) {
        add_step(out, steps[--count]);
    }
}

/* value NULL: it is missing. */
static void violate(struct checker *checker, const struct value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void violate(struct checker *checker, const struct value *value, const char *format, ...)
{
    char rule[RULES_BYTES_MAX];
    struct buf path;
    va_list args;

    checker->count++;
    if (checker->text.bytes > 0) {
        buf_add(&checker->text, STR("; "));
    }
    if (value == NULL) {
        buf_add(&checker->text, STR("Value null"));
    } else {
        buf_add(&checker->text, STR("Value '"));
        show_value(&checker->text, value);
        buf_add_c(&checker->text, '\'');
    }
    va_start(args, format);
    vsnprintf(rule, sizeof(rule), format, args);
    va_end(args);
    buf_init(&path, PATH_BYTES_MAX);
    add_path(&path, checker->path);
    buf_printf(&checker->text, " at '%.*s' failed to satisfy constraint: %s",
               STR_ARG(buf_str(&path)), rule);
    buf_done(&path);
}

/* ---- rules ---- */

static void check_size(struct checker *checker, const struct value *value,
                       const struct shape *shape, int64_t size)
{
    if ((shape->flags & SHAPE_HAS_MIN) != 0 && size < shape->min) {
        violate(checker, value, "Member must have length greater than or equal to %lld",
                (long long)shape->min);
    }
    if ((shape->flags & SHAPE_HAS_MAX) != 0 && size > shape->max) {
        violate(checker, value, "Member must have length less than or equal to %lld",
                (long long)shape->max);
    }
}

static void check_number(struct checker *checker, const struct value *value,
                         const struct shape *shape)
{
    double number = value->kind == VALUE_INT ? (double)value->number : value->real;

    if ((shape->flags & SHAPE_HAS_MIN) != 0 && number < (double)shape->min) {
        violate(checker, value, "Member must have value greater than or equal to %lld",
                (long long)shape->min);
    }
    if ((shape->flags & SHAPE_HAS_MAX) != 0 && number > (double)shape->max) {
        violate(checker, value, "Member must have value less than or equal to %lld",
                (long long)shape->max);
    }
}

static void enum_rule(struct buf *out, const struct shape *shape)
{
    buf_add(out, STR("Member must satisfy enum value set: ["));
    for (uint32_t i = 0; i < shape->enum_count; i++) {
        buf_add(out, i > 0 ? STR(", ") : STR_NONE);
        buf_add(out, model_text(model_enum_texts[shape->enum_first + i]));
    }
    buf_add_c(out, ']');
}

static void check_enum(struct checker *checker, const struct value *value,
                       const struct shape *shape)
{
    struct buf rule;

    for (uint32_t i = 0; i < shape->enum_count; i++) {
        if (str_eq(model_text(model_enum_texts[shape->enum_first + i]), value->str)) {
            return;
        }
    }
    buf_init(&rule, RULES_BYTES_MAX);
    enum_rule(&rule, shape);
    violate(checker, value, "%.*s", STR_ARG(buf_str(&rule)));
    buf_done(&rule);
}

static void check_text(struct checker *checker, const struct value *value,
                       const struct shape *shape)
{
    if (shape->enum_count > 0) {
        if (!checker->lenient) {
            check_enum(checker, value, shape);
        }
        return;
    }
    if (shape->pattern != 0 && !matches(shape->pattern, value->str)) {
        if (checker->names && str_eq(model_text(shape->pattern), STR("[\\w+=,.@-]+"))) {
            checker->named = checker->named.at == NULL ? checker->path->name : checker->named;
        } else {
            violate(checker, value, "Member must satisfy regular expression pattern: %.*s",
                    STR_ARG(model_text(shape->pattern)));
        }
    }
    if ((shape->flags & (SHAPE_HAS_MIN | SHAPE_HAS_MAX)) != 0) {
        /* Bytes are at least characters: only what is long enough to matter is counted. */
        int64_t size = (int64_t)value->str.bytes;

        if (size > shape->max || size < 4 * shape->min) {
            size = (int64_t)utf8_count(value->str);
        }
        check_size(checker, value, shape, size);
    }
}

/* ---- the walk ---- */

static void check_value(struct checker *checker, const struct value *value, uint32_t index);

static void miss(struct checker *checker, struct str name)
{
    checker->missing = checker->missing.at == NULL ? name : checker->missing;
    violate(checker, NULL, "Member must not be null");
}

static void check_struct(struct checker *checker, const struct value *value,
                         const struct shape *shape)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        const struct value *field = &value->items[i];
        bool missing = field->kind == VALUE_NONE;

        if ((missing && (member->flags & MEMBER_REQUIRED) == 0) ||
            (!missing && checker->body_only && member->location != AT_BODY)) {
            continue;
        }
        const struct step here = {checker->path, model_text(member->name), 0, true};

        checker->path = &here;
        if (!missing) {
            check_value(checker, field, member->shape);
        } else if ((member->flags & (MEMBER_IDEMPOTENCY_TOKEN | MEMBER_STREAMING)) == 0) {
            miss(checker, model_text(member->name));
        }
        checker->path = here.outer;
    }
}

/* All that a shape asks of a value, in AWS's order. */
static void add_rules(struct buf *out, const struct shape *shape)
{
    bool number = shape->kind >= SHAPE_INTEGER && shape->kind <= SHAPE_DOUBLE;
    const char *what = number ? "value" : "length";
    const char *between = "";

    if (shape->enum_count > 0) {
        enum_rule(out, shape);
        return;
    }
    if ((shape->flags & SHAPE_HAS_MAX) != 0) {
        buf_printf(out, "Member must have %s less than or equal to %lld", what,
                   (long long)shape->max);
        between = ", ";
    }
    if ((shape->flags & SHAPE_HAS_MIN) != 0) {
        buf_printf(out, "%sMember must have %s greater than or equal to %lld", between, what,
                   (long long)shape->min);
        between = ", ";
    }
    if (shape->pattern != 0) {
        buf_printf(out, "%sMember must satisfy regular expression pattern: %.*s", between,
                   STR_ARG(model_text(shape->pattern)));
    }
}

/* Whether a list or map is blamed for what stands in it: where no further name could be said. */
static bool is_leaf(uint32_t index)
{
    uint8_t kind = model_shape(index)->kind;

    return kind != SHAPE_STRUCTURE && kind != SHAPE_LIST && kind != SHAPE_MAP;
}

/* Checks and forgets what was wrong. */
static bool fits(struct checker *checker, const struct value *value, uint32_t index)
{
    uint32_t count = checker->count;
    size_t bytes = checker->text.bytes;
    bool fit;

    check_value(checker, value, index);
    fit = checker->count == count;
    checker->count = count;
    checker->text.bytes = bytes;
    checker->text.spent = false;
    return fit;
}

static void blame(struct checker *checker, const struct value *whole, const char *what,
                  uint32_t index)
{
    struct buf rules;

    buf_init(&rules, RULES_BYTES_MAX);
    add_rules(&rules, model_shape(index));
    violate(checker, whole, "%s must satisfy constraint: [%.*s]", what, STR_ARG(buf_str(&rules)));
    buf_done(&rules);
}

static bool is_there(const struct value *value)
{
    return value->kind != VALUE_NONE && value->kind != VALUE_NULL;
}

static void check_list(struct checker *checker, const struct value *value,
                       const struct shape *shape)
{
    uint32_t item = model_members[shape->first].shape;

    check_size(checker, value, shape, value->count);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct step here = {checker->path, STR_NONE, i + 1, false};

        if (!is_there(&value->items[i])) {
            continue;
        }
        if (is_leaf(item)) {
            if (!fits(checker, &value->items[i], item)) {
                blame(checker, value, "Member", item);
                return;
            }
            continue;
        }
        checker->path = &here;
        check_value(checker, &value->items[i], item);
        checker->path = here.outer;
    }
}

static void check_entries(struct checker *checker, const struct value *map, uint32_t index)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct pair *pair = &map->pairs[i];
        const struct step here = {checker->path, str_slice(pair->key, 0, 64), 0, false};

        if (!is_there(&pair->value)) {
            continue;
        }
        if (is_leaf(index)) {
            if (!fits(checker, &pair->value, index)) {
                blame(checker, map, "Map value", index);
                return;
            }
            continue;
        }
        checker->path = &here;
        check_value(checker, &pair->value, index);
        checker->path = here.outer;
    }
}

static void check_map(struct checker *checker, const struct value *value,
                      const struct shape *shape)
{
    uint32_t keys = model_members[shape->first].shape;

    check_size(checker, value, shape, value->count);
    for (uint32_t i = 0; i < value->count; i++) {
        struct value key = {.kind = VALUE_STR};

        key.str = value->pairs[i].key;
        if (!fits(checker, &key, keys)) {
            blame(checker, value, "Map keys", keys);
            break;
        }
    }
    check_entries(checker, value, model_members[shape->first + 1].shape);
}

static void check_value(struct checker *checker, const struct value *value, uint32_t index)
{
    const struct shape *shape = model_shape(index);

    if (++checker->depth > WIRE_DEPTH_MAX) {
        checker->depth--;
        return;
    }
    switch ((enum shape_kind)shape->kind) {
    case SHAPE_STRUCTURE:
        check_struct(checker, value, shape);
        break;
    case SHAPE_LIST:
        check_list(checker, value, shape);
        break;
    case SHAPE_MAP:
        check_map(checker, value, shape);
        break;
    case SHAPE_STRING:
        check_text(checker, value, shape);
        break;
    case SHAPE_BLOB:
        check_size(checker, value, shape, (int64_t)value->str.bytes);
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        check_number(checker, value, shape);
        break;
    case SHAPE_BOOLEAN:
    case SHAPE_TIMESTAMP:
    case SHAPE_DOCUMENT:
        break;
    }
    checker->depth--;
}

static status code_of(struct str service)
{
    if (str_eq(service, STR("logs")) || str_eq(service, STR("cognito-idp"))) {
        return &WIRE_PARAMETER;
    }
    return str_eq(service, STR("apigatewayv2")) ? &WIRE_BAD_REQUEST : &WIRE_VALIDATION;
}

status wire_check(const struct operation *operation, const struct value *input,
                  struct arena *arena, struct why *why)
{
    struct checker checker = {.count = 0};
    status checked = OK;

    (void)arena;
    buf_init(&checker.text, TEXT_BYTES_MAX * 16);
    checker.body_only = str_eq(model_text(model_service_of(operation)->id), STR("s3"));
    checker.lenient = str_eq(model_text(model_service_of(operation)->id), STR("sqs"));
    checker.names = str_eq(model_text(model_service_of(operation)->id), STR("iam"));
    checker.code = code_of(model_text(model_service_of(operation)->id));
    if (operation->input != 0) {
        check_value(&checker, input, operation->input);
    }
    if (checker.count > 0 && checker.body_only) {
        checked = why_malformed_xml(why);
    } else if (checker.lenient && checker.missing.at != NULL) {
        checked = why_set(why, &WIRE_MISSING, "The request must contain the parameter %.*s.",
                          STR_ARG(checker.missing));
    } else if (checker.count > 0) {
        struct str text = str_slice(buf_str(&checker.text), 0, TEXT_BYTES_MAX);

        checked = why_set(why, checker.code, "%u validation error%s detected: %.*s",
                          checker.count, checker.count == 1 ? "" : "s", STR_ARG(text));
    } else if (checker.named.at != NULL) {
        checked = why_set(why, &WIRE_VALIDATION,
                          "The specified value for %c%.*s is invalid. It must contain only "
                          "alphanumeric characters and/or the following: +=,.@_-",
                          checker.named.at[0] | 0x20,
                          STR_ARG(str_slice(checker.named, 1, checker.named.bytes)));
    }
    buf_done(&checker.text);
    return checked;
}
