/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon DynamoDB, and DynamoDB Streams, which reads what the tables' change logs hold.
 */
#ifndef WEIR_SVC_DYNAMODB_H
#define WEIR_SVC_DYNAMODB_H

#include "cell/service.h"

extern const struct service dynamodb_service;
extern const struct service dynamodbstreams_service;

#endif
