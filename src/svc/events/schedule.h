/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedule expressions: rate(5 minutes), cron(0/15 8-17 ? * MON-FRI *). Pure: text in, moments out.
 * Source: "Creating a rule that runs on a schedule", EventBridge user guide.
 */
#ifndef WEIR_SVC_EVENTS_SCHEDULE_H
#define WEIR_SVC_EVENTS_SCHEDULE_H

#include "base/str.h"

#define CRON_YEAR_FIRST 1970
#define CRON_YEAR_LAST 2199

struct schedule {
    int64_t every_ms;         /* rate(); 0: cron() */
    uint64_t minutes;         /* bit 0 to 59 */
    uint32_t hours;           /* bit 0 to 23 */
    uint32_t days;            /* of the month, bit 1 to 31 */
    uint16_t months;          /* bit 1 to 12 */
    uint8_t weekdays;         /* bit 1 (Sunday) to 7 */
    uint8_t years[(CRON_YEAR_LAST - CRON_YEAR_FIRST + 8) / 8]; /* bit 0: 1970 */
    bool last_day;            /* L in the month's days */
    bool last_workday;        /* LW */
    uint8_t near_day;         /* 3W: 3; 0: none */
    uint8_t last_weekday;     /* 6L: 6, the month's last Friday; 0: none */
    uint8_t nth_weekday, nth; /* 3#2: Tuesday, the second; 0: none */
};

bool schedule_read(struct str text, struct schedule *ret_schedule);
/* The first moment behind one; false: there is none any more. A rate counts from that moment on. */
bool schedule_next(const struct schedule *schedule, int64_t after_ms, int64_t *ret_next_ms);

#endif
