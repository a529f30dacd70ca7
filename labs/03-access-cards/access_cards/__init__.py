# SPDX-License-Identifier: Apache-2.0
"""The access cards' tools: deploy the stack, make a company, let its people come and go, and check what
came of it. They speak to AWS, or to whatever AWS_ENDPOINT_URL says, as boto3 does."""
