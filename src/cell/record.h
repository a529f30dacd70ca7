/* SPDX-License-Identifier: Apache-2.0
 *
 * Resources that are only records: networks, machines and what else templates of event-driven back
 * ends carry along. They are made by templates, kept, described by their service's own operations,
 * and referred to; nothing of them runs. A service of such things is tables:
 *
 *   struct record_kind   a kind of row: what one looks like, in the shape in which it is described
 *   struct record_ask    an operation that describes them
 *   struct record_part   something that is an entry of another's record: a route of a route table
 *
 * Texts of the tables may have ${account}, ${region}, ${id} (of the row), ${name}, ${hex8} ${hex16}
 * ${hex17} (by chance), ${now} (a moment), and ${Property}: what a property says.
 */
#ifndef WEIR_CELL_RECORD_H
#define WEIR_CELL_RECORD_H

#include "cell/resource.h"
#include "cell/service.h"

struct record_kind {
    const char *name;      /* of the rows: "vpc" */
    const char *service;   /* the model's id */
    const char *describe;  /* operation and path in its answer, which say the rows' shape … */
    const char *path;      /* … "DescribeVpcs", "Vpcs" */
    const char *id;        /* the shape's member that is unique */
    const char *id_form;   /* how one is made: "vpc-${hex17}" */
    const char *ref;       /* the member that Ref gives; NULL: id */
    const char *named;     /* property of the name, made up when it is not there; NULL: has none */
    size_t name_bytes_max; /* of it */
    const char *about;     /* JSON: what it is before its properties are laid over it */
    const struct error *missing;  /* when there is none of that id … */
    const char *missing_words;    /* … with one %.*s, the id */
    /* More about it, after make and change filled it; NULL: nothing. */
    status (*filled)(struct resource *r, struct value *item);
    /* Attributes that are no members of it; NULL: there are none. */
    void (*tell)(struct resource *r, const struct value *item);
};

/* Which rows: the operation's input member, and the member of a row that it is compared with. */
struct record_select {
    const char *input; /* a text or a list of them: "VpcIds" */
    const char *item;  /* "VpcId"; of a list of texts: any */
    bool must;         /* each that is asked for must be there: kind->missing */
};

struct record_ask {
    const char *operation;  /* "DescribeVpcs" */
    const char *path;       /* where its answer has them: a list, or one structure: "Vpcs" */
    const char *inner;      /* each item is in a list of one of this name: "Instances"; NULL */
    const struct record_kind *kind;
    const struct record_select *selects; /* NULL: none */
    size_t select_count;
};

/* A service's. */
struct record_asks {
    const struct record_ask *asks; /* of every operation that it has */
    size_t count;                  /* of them */
};

/* An entry of a list in another's record. */
struct record_part {
    const struct record_kind *kind; /* of the other */
    const char *parent;     /* property that names it */
    const char *list;       /* member of its record: "Routes" */
    const char *about;      /* JSON, as record_kind's; "${id}" is id_form's */
    const char *id_form;    /* what Ref gives */
    status (*filled)(struct resource *r, struct value *entry); /* as record_kind's */
};

/* For struct service's open and close. */
status record_asks_open(const struct record_asks *asks, void **ret_state);
void record_asks_close(void *state);

/* For struct op: the ask of that operation. */
status record_describe(struct call *c);

/* For struct resource_type, whose own is its record_kind. */
status record_make(struct resource *r);
status record_change(struct resource *r);
status record_remove(struct resource *r);
status record_tell(struct resource *r);
/* The same of a record_part. */
status record_part_make(struct resource *r);
status record_part_remove(struct resource *r);
status record_part_tell(struct resource *r);

/* A row, or NULL; and put it. id: its unique member. */
struct value *record_get(struct call *c, const struct record_kind *kind, struct str id);
void record_put(struct call *c, const struct record_kind *kind, const struct value *item);
/* One that no template has, to be completed and put: a network's main route table. */
struct value *record_beside(struct resource *r, const struct record_kind *kind, struct str id,
                            const char *about);
void record_beside_remove(struct call *c, const struct record_kind *kind, struct str id);
/* Every row in a call: *ret_scan from NULL. NULL: no more. */
struct value *record_next(struct call *c, const struct record_kind *kind,
                          struct txn_scan **ret_scan);
/* A text of the tables, filled in. */
struct str record_text(struct resource *r, const char *form, struct str id, struct str name);

#define RECORD_TYPE(kind_, properties_, attributes_)                                              \
    RESOURCE_TYPE_PROPERTIES(properties_), .attributes = (attributes_), .own = (kind_),            \
    .make = record_make, .change = record_change, .remove = record_remove, .tell = record_tell,    \
    .record_only = true
#define RECORD_PART(part_, properties_, attributes_)                                              \
    RESOURCE_TYPE_PROPERTIES(properties_), .attributes = (attributes_), .own = (part_),            \
    .make = record_part_make, .remove = record_part_remove, .tell = record_part_tell,              \
    .record_only = true

#endif
