/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside Route 53: hosted zones, record sets, changes, health checks, tags. Everything happens in
 * the cell; everything there is are rows (keys.c). It is a global service: rows know accounts and
 * no regions.
 *
 * Invariants between the files:
 *   1. Names are kept as name.h says; record sets lie in the order in which they are listed.
 *   2. A zone's row counts its record sets; change.c alone changes either.
 *   3. A batch of changes is checked as a whole against what it makes itself, then staged as a
 *      whole.
 */
#ifndef WEIR_SVC_ROUTE53_INT_H
#define WEIR_SVC_ROUTE53_INT_H

#include "base/time.h"
#include "cell/call.h"
#include "cell/shelf.h"
#include "svc/route53/name.h"
#include "svc/route53/route53.h"

#define ROUTE53_SERVICE "route53"
#define LIST_PAGE 100
#define RECORDS_PAGE 300
#define BATCH_RECORDS_MAX 1000 /* of one ChangeResourceRecordSets */
#define ZONE_RECORDS_MAX 10000
#define TAGS_MAX 50            /* of a zone or health check */
#define CHANGE_KEEP_MS (30 * MS_PER_DAY)
#define ZONE_ID_BYTES 21
#define NAME_SERVERS 4

extern const struct error R53_NO_ZONE, R53_ZONE_EXISTS, R53_NOT_EMPTY, R53_DOMAIN, R53_INPUT,
    R53_BATCH, R53_NO_CHANGE, R53_NO_CHECK, R53_CHECK_EXISTS, R53_CHECK_VERSION, R53_CHECK_USED,
    R53_VPC, R53_NO_SET;

/* The service's state: nothing but what is derived. */
struct route53 {
    struct cell *cell;       /* whose service this is */
    struct shelf_told told;  /* tags that policies asked for */
};

struct zone {
    struct str id;           /* "Z…" */
    struct value *about;     /* as GetHostedZone tells it */
    struct value *zone;      /* its HostedZone */
    struct str name;         /* kept */
};

/* ---- keys.c ---- */

/* By its id, with or without "/hostedzone/": NoSuchHostedZone. */
status zone_of_id(struct call *c, struct str id, struct zone *ret_zone);
bool zone_find(struct call *c, struct str id, struct zone *ret_zone);
void zone_new(struct call *c, struct str name, struct zone *ret_zone);
void zone_save(struct call *c, const struct zone *zone);
void zone_erase(struct call *c, const struct zone *zone);
struct txn_scan *zones_scan(struct call *c, struct str after);
bool zones_next(struct call *c, struct txn_scan *scan, struct zone *ret_zone);

/* Record sets of ListResourceRecordSets' shape. What names one; identifier may be empty. */
struct record_name {
    struct str name;         /* kept */
    struct str type;         /* "A" */
    struct str identifier;   /* SetIdentifier */
};
struct value *record_load(struct call *c, struct str zone, const struct record_name *name);
void record_save(struct call *c, struct str zone, const struct record_name *name,
                 const struct value *record);
void record_erase(struct call *c, struct str zone, const struct record_name *name);
/* From that one on; NULL: from the first. */
struct txn_scan *records_from(struct call *c, struct str zone, const struct record_name *from);
struct txn_scan *records_named(struct call *c, struct str zone, struct str name);
struct value *records_next(struct call *c, struct txn_scan *scan); /* NULL: no more */
uint32_t record_shape(void);

/* A change that is done: its ChangeInfo goes into the answer. */
void change_tell(struct call *c, struct str comment);
struct value *change_load(struct call *c, struct str id); /* NULL: none */
void changes_sweep(struct call *c);

/* Health checks of GetHealthCheck's shape; NULL: none. */
struct value *check_load(struct call *c, struct str id);
void check_save(struct call *c, const struct value *check);
void check_erase(struct call *c, struct str id);
struct txn_scan *checks_scan(struct call *c, struct str after);
struct value *checks_next(struct call *c, struct txn_scan *scan); /* NULL: no more */

/* A ResourceTagSet; empty without tags. */
struct value *tags_load(struct call *c, struct str type, struct str id);
struct value *tags_peek(struct cell *cell, struct arena *arena, struct str type, struct str id);
void tags_save(struct call *c, struct str type, struct str id, const struct value *tags);
void tags_erase(struct call *c, struct str type, struct str id);
/* Whose it is; STR_NONE: there is none. */
struct str owner_peek(struct cell *cell, struct arena *arena, struct str type, struct str id);

/* ---- change.c ---- */

/* Stages the records that every zone begins with. */
void zone_records_begin(struct call *c, struct zone *zone);
bool record_is_required(const struct zone *zone, const struct value *record);
void record_name_of(const struct value *record, struct record_name *ret_name);

/* ---- others ---- */

/* A MaxItems of the call: InvalidInput. */
status max_items(struct call *c, size_t most, size_t *ret_count);
struct str id_new(struct call *c, char first, size_t letters);
void route53_join_policies(struct cell *cell);

#endif
