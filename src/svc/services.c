/* SPDX-License-Identifier: Apache-2.0
 *
 * A new service is a folder beside this file and a line here.
 */
#include "svc/services.h"

#include "bus/bus.h"
#include "fn/part.h"

#include "svc/cognito/cognito.h"
#include "svc/acm/acm.h"
#include "svc/apigatewayv2/apigatewayv2.h"
#include "svc/cloudformation/cloudformation.h"
#include "svc/applicationautoscaling/applicationautoscaling.h"
#include "svc/autoscaling/autoscaling.h"
#include "svc/dynamodb/dynamodb.h"
#include "svc/ec2/ec2.h"
#include "svc/elbv2/elbv2.h"
#include "svc/events/events.h"
#include "svc/firehose/firehose.h"
#include "svc/fsx/fsx.h"
#include "svc/iam/iam.h"
#include "svc/imagebuilder/imagebuilder.h"
#include "svc/kinesis/kinesis.h"
#include "svc/kms/kms.h"
#include "svc/lambda/lambda.h"
#include "svc/logs/logs.h"
#include "svc/route53/route53.h"
#include "svc/s3/s3.h"
#include "svc/secretsmanager/secretsmanager.h"
#include "svc/sns/sns.h"
#include "svc/sqs/sqs.h"
#include "svc/ssm/ssm.h"
#include "svc/sts/sts.h"

const struct service *const services[] = {
    &bus_service,
    &fn_service,
    &iam_service,
    &sts_service,
    &kms_service,
    &kinesis_service,
    &s3_service,
    &sqs_service,
    &sns_service,
    &dynamodb_service,
    &dynamodbstreams_service,
    &lambda_service,
    &logs_service,
    &cognito_service,
    &apigatewayv2_service,
    &secretsmanager_service,
    &events_service,
    &firehose_service,
    &ssm_service,
    &acm_service,
    &route53_service,
    &cloudformation_service,
    &ec2_service,
    &autoscaling_service,
    &applicationautoscaling_service,
    &elbv2_service,
    &fsx_service,
    &imagebuilder_service,
    NULL,
};
