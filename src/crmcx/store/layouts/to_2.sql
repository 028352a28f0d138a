-- Identity, and identifiers of customers.
CREATE SCHEMA identity;
CREATE TABLE identity.aside ("rule" VARCHAR, "namespace" VARCHAR, "reason" VARCHAR, "customer_key" BIGINT);
CREATE TABLE identity.edges ("a" BIGINT, "b" BIGINT, "rule" VARCHAR, "namespace" VARCHAR, "key" VARCHAR, "cut"
    BOOLEAN);
CREATE TABLE identity.keys ("customer_key" BIGINT, "rule" VARCHAR, "namespace" VARCHAR, "key" VARCHAR);
CREATE TABLE identity.readings ("rule" VARCHAR, "variant" VARCHAR, "raw" VARCHAR, "key" VARCHAR, "aside"
    VARCHAR, "reader" BIGINT);
CREATE TABLE identity.versions ("version" BIGINT, "at_us" BIGINT, "policy" VARCHAR, "policy_hash" VARCHAR,
    "records" BIGINT, "people" BIGINT);
