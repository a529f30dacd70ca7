/* SPDX-License-Identifier: Apache-2.0
 *
 * What a journal entry says: when, who, why, which service, operation and resource, and the changes
 * themselves, physical ones: replaying them needs no service's code.
 *
 * Body, version 1 (var is LEB128, str is var length and bytes, see base/cursor.h):
 *
 *   u8   version = 1
 *   var  cause                 position of the entry that caused this one, 0: a request
 *   str  principal, account, region, service, operation, resource, request_id
 *   var  change count
 *   then each change: u8 kind and
 *     PUT     str key, str value
 *     DELETE  str key
 *     APPEND  var log, var sequence, zigzag at_ms, str data
 *     TRIM    var log, var before_sequence
 *     DROP    var log
 *     LOG     var log              a log begins, empty; its number was never used before
 *     BLOB    str id               a blob is published
 *     UNBLOB  str id               a blob is no longer needed
 *
 * Applying is idempotent: the index and the logs know the position up to which they applied.
 */
#ifndef WEIR_STORE_ENTRY_H
#define WEIR_STORE_ENTRY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum change_kind {
    CHANGE_PUT = 1,
    CHANGE_DELETE,
    CHANGE_APPEND,
    CHANGE_TRIM,
    CHANGE_DROP,
    CHANGE_LOG,
    CHANGE_BLOB,
    CHANGE_UNBLOB,
};

struct change {
    uint8_t kind;      /* enum change_kind */
    union {
        struct str key;  /* PUT, DELETE: key; BLOB, UNBLOB: id */
        struct str head; /* APPEND: how the record begins, before data; none when it was read */
    };
    struct str data;   /* PUT: value; APPEND: the record, or what follows its head */
    uint64_t log;      /* APPEND, TRIM, DROP, LOG */
    uint64_t sequence; /* APPEND: the record's; TRIM: everything before it goes */
    int64_t at_ms;     /* APPEND: when */
};

struct entry {
    int64_t at_ms;          /* the call's now */
    uint64_t cause;         /* position of the causing entry; 0: a request from outside */
    struct str principal;   /* ARN */
    struct str account;     /* 12 digits */
    struct str region;      /* us-east-1 */
    struct str service;     /* model id, "kinesis"; "weir" for its own doings */
    struct str operation;   /* "PutRecord" */
    struct str resource;    /* ARN of what was changed, or empty */
    struct str request_id;  /* of the request, or empty */
    struct change *changes; /* in order */
    size_t change_count;
};

/* Bytes that entry_parts() will give in all. */
uint64_t entry_bytes(const struct entry *entry);
/* The body as parts, large data not copied: small pieces lie in scratch (cleared first). Returns
 * the number of parts; parts has room for 2 * change_count + 1. */
size_t entry_parts(const struct entry *entry, struct buf *scratch, struct str *parts);
/* Strings lie in body, changes in the arena. ERR_CORRUPT, ERR_VERSION. */
status entry_read(struct str body, struct arena *arena, struct why *why, struct entry *ret_entry);

#endif
