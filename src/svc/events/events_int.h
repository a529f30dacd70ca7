/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside EventBridge: event buses, rules, targets. Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. Memory mirrors the store: every bus, rule and target is loaded at open, and changed in
 *      memory in the same call that stages the change. The default bus is there without a row.
 *   2. A rule's pattern, schedule and transformers are compiled when they are set or loaded.
 *   3. An event goes to a rule as a hand-off of the bus (sink.c), so that rules can be held; the
 *      rule hands it to its targets. All of it is the sender's entry, up to what an entry takes
 *      (dispatch.c).
 *   4. A scheduled rule that is enabled has exactly one durable timer (tick.c).
 */
#ifndef WEIR_SVC_EVENTS_INT_H
#define WEIR_SVC_EVENTS_INT_H

#include "base/map.h"
#include "bus/pattern.h"
#include "bus/sink.h"
#include "cell/call.h"
#include "svc/events/events.h"
#include "svc/events/schedule.h"
#include "svc/events/transform.h"

#define BUSES_MAX 100000
#define BUSES_PER_ACCOUNT 100       /* in a region, with --limits=aws */
#define RULES_PER_BUS 300           /* with --limits=aws */
#define RULES_PER_BUS_MAX 10000
#define TARGETS_PER_RULE_MAX 5
#define ENTRIES_BYTES_MAX (256u * 1024) /* of a PutEvents, as AWS counts them */
#define EVENT_TEXT_BYTES_MAX (768u * 1024) /* an event as JSON */
#define POLICY_BYTES_MAX 10240
#define TAGS_MAX 50
#define PAGE_MAX 100
#define RETRIES_MAX 185
#define RETRY_AGE_MS (INT64_C(24) * 3600 * 1000)

extern const struct error EVENTS_NOT_FOUND, EVENTS_EXISTS, EVENTS_VALIDATION, EVENTS_PATTERN,
    EVENTS_LIMIT, EVENTS_POLICY_LENGTH, EVENTS_NOT_THERE;

/* A name and a text; lists of them are sorted by name. */
struct setting {
    struct str name, text;     /* owned */
};

struct settings {
    struct setting *items;     /* owned */
    size_t count;              /* of them */
};

struct target {
    struct target *next;       /* of the rule, by id */
    struct arena *arena;       /* holds all of it; owned */
    const struct value *value; /* as it was put, of the model's shape Target */
    struct str id, arn;
    struct str role;           /* RoleArn; empty: none */
    struct str input;          /* Input; STR_NONE: none */
    struct str input_path;     /* InputPath; STR_NONE: none */
    const struct transform *transform; /* InputTransformer; NULL: none */
    struct str group;          /* SqsParameters.MessageGroupId; STR_NONE: none */
    struct str key_path;       /* KinesisParameters.PartitionKeyPath; STR_NONE: none */
    struct str dead_arn;       /* DeadLetterConfig; empty: none */
    uint32_t retries;          /* RetryPolicy */
    int64_t age_ms_max;        /* RetryPolicy */
};

enum rule_state { RULE_DISABLED, RULE_ENABLED, RULE_ENABLED_ALL, RULE_STATES };

struct rule {
    struct event_bus *bus;     /* whose it is */
    struct str name, arn;      /* owned */
    struct str pattern_text;   /* EventPattern; empty: none; owned */
    struct pattern *pattern;   /* the same compiled; NULL: none; owned */
    struct str schedule_text;  /* ScheduleExpression; empty: none; owned */
    struct schedule schedule;  /* the same, read */
    struct str description, role; /* owned */
    uint8_t state;             /* enum rule_state */
    struct settings tags;
    struct target *targets;    /* sorted by id; owned */
    size_t target_count;       /* of them */
};

struct rule_list {
    struct rule **rules;       /* sorted by name; owned */
    size_t count;              /* of them */
};

struct event_bus {
    struct str account, region, name, arn; /* owned */
    bool stored;               /* it has a row: all but a default bus that nobody changed */
    int64_t created_ms, modified_ms;
    struct str description, kms_key, dead_arn; /* owned */
    struct str log_level, log_detail; /* LogConfig; owned */
    struct str policy;         /* a document; empty: none; owned */
    struct settings tags;
    struct rule_list rules;    /* all; owns the rules */
    bool indexed;              /* what follows is as the rules are */
    struct map *by_source;     /* source → struct rule_list of those whose pattern names it */
    struct rule_list others;   /* with a pattern that does not say what the source is */
};

/* The service's state. */
struct events {
    struct cell *cell;         /* whose service this is */
    struct map *buses;         /* "account/region/name" → struct event_bus */
    uint32_t target_shape;     /* of the model's Target */
    const struct event *current; /* that is handed to rules; NULL: none */
};

static inline struct events *events_of(const struct call *c)
{
    return c->state;
}

/* An event on its way through a bus. Texts live as long as the call. */
struct event {
    struct str id, source;     /* of it */
    struct str text;           /* JSON without white space, as AWS lays it out */
    const struct value *document; /* the same read */
    int64_t ingested_ms;       /* when EventBridge got it */
    bool forwarded;            /* it came from another bus */
    struct str account;        /* that sent it */
};

/* ---- setting.c ---- */

void text_set(struct str *owned, struct str text);
void setting_set(struct settings *settings, struct str name, struct str text);
void setting_remove(struct settings *settings, struct str name);
void settings_done(struct settings *settings);

/* ---- event_bus.c ---- */

struct event_bus *bus_new(struct str account, struct str region, struct str name);
void bus_free(struct event_bus *bus); /* with its rules */
/* NULL: none. A default bus is made on the spot. */
struct event_bus *bus_find(struct events *events, struct str account, struct str region,
                           struct str name);
bool bus_add(struct events *events, struct event_bus *bus); /* false: too many */
void bus_remove(struct events *events, struct event_bus *bus); /* and frees it */
/* By a name or an ARN, empty: default; ResourceNotFoundException. */
status bus_named(struct call *c, struct str text, struct event_bus **ret_bus);
/* The ARN that a name or an ARN stands for, there or not. */
struct str bus_arn_of(struct call *c, struct str text);
struct event_bus *bus_of_arn(struct events *events, struct str arn); /* NULL: none */

/* ---- rule.c ---- */

struct rule *rule_new(struct event_bus *bus, struct str name);
void rule_free(struct rule *rule); /* with its targets */
struct rule *rule_find(const struct event_bus *bus, struct str name); /* NULL: none */
struct rule *rule_of_arn(struct events *events, struct str arn);      /* NULL: none */
void rule_add(struct rule *rule);
void rule_remove(struct rule *rule); /* and frees it */
bool rule_is_on(const struct rule *rule);
struct str rule_state_text(uint8_t state);
uint8_t rule_state_of(struct str text); /* RULE_ENABLED for what is none */
/* Those whose pattern may match an event of that source, in the order of their names. */
struct rule_walk {
    const struct rule_list *named, *others; /* NULL: none */
    size_t at_named, at_others;             /* next of them */
};
struct rule_walk rules_for(struct event_bus *bus, struct str source);
struct rule *rule_walk_next(struct rule_walk *walk); /* NULL: the end */
void bus_index_drop(struct event_bus *bus); /* a rule's pattern changes, or it goes */

/* ---- target.c ---- */

/* Of the model's value, which is copied; ValidationException. */
status target_compile(struct call *c, const struct value *value, struct target **ret_target);
/* Of a row. */
status target_load(struct events *events, struct str json, struct target **ret_target);
struct str target_json(struct arena *arena, const struct target *target);
void target_free(struct target *target);
void target_put(struct rule *rule, struct target *target); /* in place of one of that id */
struct target *target_find(const struct rule *rule, struct str id); /* NULL: none */
bool target_remove(struct rule *rule, struct str id); /* false: none */

/* ---- keys.c: the only file that knows key and record bytes ---- */

void bus_save(struct call *c, struct event_bus *bus);
void bus_erase(struct call *c, const struct event_bus *bus);
void rule_save(struct call *c, const struct rule *rule);
void rule_erase(struct call *c, const struct rule *rule); /* with its targets' rows */
void target_save(struct call *c, const struct rule *rule, const struct target *target);
void target_erase(struct call *c, const struct rule *rule, struct str id);
status events_load(struct events *events);

/* ---- event.c ---- */

/* What an event is made of. */
struct event_parts {
    struct str id;             /* STR_NONE: a new one */
    struct str type, source, account, region;
    int64_t time_ms;
    const struct value *resources; /* a list of texts; NULL: none */
    struct str detail;         /* JSON */
    const struct value *detail_value; /* the same read */
};
/* false: too large. */
bool event_make(struct call *c, const struct event_parts *parts, struct event *ret_event);
/* Of a whole event's JSON, as services send it: what is missing is filled in. ERR_MALFORMED. */
status event_read(struct call *c, const struct bus_event *sent, struct event *ret_event);

/* ---- dispatch.c ---- */

/* To every rule of the bus that it matches, behind the rule of that name (STR_NONE: from the
 * first). What one entry does not take goes on in the next. */
void dispatch(struct call *c, struct event_bus *bus, const struct event *event, struct str after);
void dispatch_go_on(struct call *c, struct str payload);
/* A rule's event to its targets. */
void rule_run(struct call *c, const struct rule *rule, const struct event *event);

/* ---- deliver.c ---- */

void target_send(struct call *c, const struct rule *rule, const struct target *target,
                 const struct event *event);
void target_again(struct call *c, struct str payload); /* a retry's timer */

/* ---- tick.c ---- */

void tick_begin(struct call *c, const struct rule *rule); /* its timer is set, or set anew */
void tick_end(struct call *c, const struct rule *rule);   /* no timer any more */
void tick_fire(struct call *c, struct str name, struct str payload);

/* ---- sink.c, guard.c ---- */

void events_join_bus(struct cell *cell);
void events_join_policies(struct cell *cell);
/* Does the policy of a bus let that account send to it? */
bool bus_lets(struct call *c, const struct event_bus *bus, struct str account);

#endif
