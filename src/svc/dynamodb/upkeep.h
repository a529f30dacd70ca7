/* SPDX-License-Identifier: Apache-2.0
 *
 * Long work on tables: filling and sweeping indexes, expiry of items, rows of tables that are gone.
 *
 *   an index     CREATING ──► filled, step by step ──► ACTIVE;  DELETING ──► swept ──► gone
 *   expiry       enabled ──► every item that expires gets its row;  disabled ──► rows are swept
 *   an item      its moment comes (the table's timer) ──► expired
 *   a table      deleted ──► forgotten, its rows doomed ──► swept, kind by kind ──► its log dropped
 *
 * Rules
 *  1. What is to be done stands in the tables' rows (an index's state, ttl_filling, ttl_sweeping),
 *     in the expiry rows and in the doomed rows; so after a crash it goes on where it was.
 *  2. It goes in steps, each a journal entry of its own that bounds its changes and bytes. Between
 *     steps others come in. Tables take turns.
 *  3. Changes of items maintain an index from the moment it is CREATING, and expiry rows from the
 *     moment expiry is enabled. A step only adds what is not there yet.
 *  4. A row of expiry is believed only if the item says the same.
 */
#ifndef WEIR_SVC_DYNAMODB_UPKEEP_H
#define WEIR_SVC_DYNAMODB_UPKEEP_H

#include "svc/dynamodb/change.h"
#include "svc/dynamodb/tables.h"

#define STEP_ITEMS 1000             /* that one step looks at */
#define STEP_BYTES ((size_t)2 << 20) /* that it reads */
#define STEP_DELETES 2000           /* rows that a sweep takes away at once */

/* ---- upkeep.c ---- */

void upkeep_init(struct dynamodb *dynamodb); /* before tables are loaded */
void upkeep_open(struct dynamodb *dynamodb); /* when they are: what was left undone goes on */
/* The table has work to do (again). */
void upkeep_table(struct dynamodb *dynamodb, struct table *table);
void upkeep_soon(struct dynamodb *dynamodb);
/* The minute's housekeeping: what failed for lack of space is tried again. */
void upkeep_tick(struct dynamodb *dynamodb);

/* ---- backfill.c: steps, each in a call of its own ---- */

void index_fill_step(struct call *c, struct table *table);
void index_sweep_step(struct call *c, struct table *table);

/* ---- expiry.c ---- */

void expiry_fill_step(struct call *c, struct table *table);
void expiry_sweep_step(struct call *c, struct table *table);
void expire_step(struct call *c, struct table *table);
/* An item is going to expire: the timer is not later than that. */
void expiry_by(struct cell *cell, struct table *table, int64_t second);
void expiry_open(struct dynamodb *dynamodb, struct table *table);

/* ---- sweep.c: what deleted tables leave behind ---- */

/* The table's row goes, the rest is doomed, but for its items when they stay for a backup. Memory
 * of it goes too, unless its streams stay. */
void table_doom(struct call *c, struct table *table, bool items_stay);
void doomed_step(struct call *c);
/* Deleted tables whose streams can still be read, and whether anything is doomed. */
status doomed_load(struct dynamodb *dynamodb);
/* Those whose streams have ended for good: their logs are dropped. */
void gone_step(struct call *c);

#endif
