-- The whole model: new classes, new fields of those that were there.
ALTER TABLE books.seen ADD COLUMN "first_us" BIGINT;
-- What was seen first, as far as an older store can tell: before its first step, or at an earlier look.
UPDATE books.seen SET first_us = least(seen_us, before_us, (
    SELECT min(c.after_us) FROM (
        SELECT 'deals' AS table_name, deal_key AS key, after_us FROM deal_changes
        UNION ALL SELECT 'cases', case_key, after_us FROM case_changes
        UNION ALL SELECT 'customers', customer_key, after_us FROM stage_changes
    ) c WHERE c.table_name = seen.table_name AND c.key = seen.key
));
ALTER TABLE customers ADD COLUMN "zone" VARCHAR;
ALTER TABLE customers ADD COLUMN "merged_into_ref" VARCHAR;
ALTER TABLE customers ADD COLUMN "merged_into_key" BIGINT;
ALTER TABLE accounts ADD COLUMN "segment" VARCHAR;
ALTER TABLE accounts ADD COLUMN "owner" VARCHAR;
CREATE TABLE account_changes ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT,
    "version" BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "field" VARCHAR, "old"
    VARCHAR, "new" VARCHAR, "changed_us" BIGINT, "after_us" BIGINT, "by" VARCHAR, "account_ref" VARCHAR,
    "account_key" BIGINT);
ALTER TABLE interactions ADD COLUMN "precision" VARCHAR DEFAULT 'instant';
ALTER TABLE interactions ALTER COLUMN "precision" DROP DEFAULT;
CREATE TABLE instruments ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR);
CREATE TABLE invitations ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key"
    BIGINT, "instrument" VARCHAR, "sent_us" BIGINT, "status" VARCHAR, "status_native" VARCHAR, "channel"
    VARCHAR, "touchpoint" VARCHAR, "reminders" BIGINT, "completed_us" BIGINT);
ALTER TABLE feedback ADD COLUMN "kind" VARCHAR DEFAULT 'survey';
ALTER TABLE feedback ALTER COLUMN "kind" DROP DEFAULT;
ALTER TABLE feedback ADD COLUMN "started_us" BIGINT;
ALTER TABLE feedback ADD COLUMN "invitation_ref" VARCHAR;
ALTER TABLE feedback ADD COLUMN "invitation_key" BIGINT;
CREATE TABLE leads ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version" BIGINT,
    "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key" BIGINT,
    "status" VARCHAR, "status_native" VARCHAR, "origin" VARCHAR, "campaign" VARCHAR, "score" DOUBLE, "owner"
    VARCHAR, "created_us" BIGINT, "converted_us" BIGINT, "deal_ref" VARCHAR, "deal_key" BIGINT, "lost_reason"
    VARCHAR);
ALTER TABLE deals ADD COLUMN "probability" DOUBLE;
ALTER TABLE deals ADD COLUMN "forecast_native" VARCHAR;
ALTER TABLE deals ADD COLUMN "campaign" VARCHAR;
CREATE TABLE deal_lines ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "deal_ref" VARCHAR, "deal_key" BIGINT,
    "product" VARCHAR, "description" VARCHAR, "quantity_micros" BIGINT, "unit_price_micros" BIGINT,
    "unit_price_currency" VARCHAR, "discount_micros" BIGINT, "discount_currency" VARCHAR);
CREATE TABLE pipelines ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR);
ALTER TABLE cases ADD COLUMN "number" VARCHAR;
ALTER TABLE cases ADD COLUMN "parent_ref" VARCHAR;
ALTER TABLE cases ADD COLUMN "parent_key" BIGINT;
CREATE TABLE payments ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key"
    BIGINT, "order_ref" VARCHAR, "order_key" BIGINT, "subscription_ref" VARCHAR, "subscription_key" BIGINT,
    "amount_micros" BIGINT, "amount_currency" VARCHAR, "paid_us" BIGINT, "method" VARCHAR, "status" VARCHAR);
CREATE TABLE subscriptions ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key"
    BIGINT, "account_ref" VARCHAR, "account_key" BIGINT, "product" VARCHAR, "plan" VARCHAR, "status" VARCHAR,
    "status_native" VARCHAR, "mrr_micros" BIGINT, "mrr_currency" VARCHAR, "started_us" BIGINT, "trial_ends_us"
    BIGINT, "renews_us" BIGINT, "cancel_requested_us" BIGINT, "ended_us" BIGINT, "cancel_reason" VARCHAR,
    "voluntary" BOOLEAN);
CREATE TABLE subscription_changes ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT,
    "version" BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "field" VARCHAR, "old"
    VARCHAR, "new" VARCHAR, "changed_us" BIGINT, "after_us" BIGINT, "by" VARCHAR, "subscription_ref" VARCHAR,
    "subscription_key" BIGINT);
CREATE TABLE products ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR, "line"
    VARCHAR, "price_micros" BIGINT, "price_currency" VARCHAR, "active" BOOLEAN);
CREATE TABLE campaigns ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR,
    "channel" VARCHAR, "objective" VARCHAR, "parent" VARCHAR, "starts_day" BIGINT, "ends_day" BIGINT,
    "budget_micros" BIGINT, "budget_currency" VARCHAR);
CREATE TABLE campaign_touches ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT,
    "version" BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "campaign" VARCHAR,
    "customer_ref" VARCHAR, "customer_key" BIGINT, "kind" VARCHAR, "occurred_us" BIGINT, "variant" VARCHAR,
    "machine" BOOLEAN, "interaction_ref" VARCHAR, "interaction_key" BIGINT);
CREATE TABLE consents ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key"
    BIGINT, "contact_point" VARCHAR, "purpose" VARCHAR, "channel" VARCHAR, "topic" VARCHAR, "status" VARCHAR,
    "status_native" VARCHAR, "basis" VARCHAR, "captured_us" BIGINT, "valid_until_us" BIGINT, "proof" VARCHAR,
    "jurisdiction" VARCHAR, "double_opt_in" BOOLEAN);
CREATE TABLE preferences ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "customer_ref" VARCHAR, "customer_key"
    BIGINT, "topic" VARCHAR, "channel" VARCHAR, "language" VARCHAR, "not_before_us" BIGINT, "not_after_us"
    BIGINT, "most_per_month" BIGINT, "stated" BOOLEAN);
CREATE TABLE employees ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR, "email"
    VARCHAR, "team" VARCHAR, "role" VARCHAR, "active" BOOLEAN);
CREATE TABLE teams ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version" BIGINT,
    "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR, "parent"
    VARCHAR, "calendar" VARCHAR);
CREATE TABLE business_calendars ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT,
    "version" BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name"
    VARCHAR, "zone" VARCHAR, "valid_from_day" BIGINT, "valid_to_day" BIGINT);
CREATE TABLE rate_tables ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "base" VARCHAR);
CREATE TABLE initiatives ("key" BIGINT, "source" VARCHAR, "source_id" VARCHAR, "known_us" BIGINT, "version"
    BIGINT, "raw_ref" BIGINT, "content_hash" BIGINT, "extra" VARCHAR, "code" VARCHAR, "name" VARCHAR,
    "touchpoint" VARCHAR, "team" VARCHAR, "owner" VARCHAR, "hypothesis" VARCHAR, "metric" VARCHAR, "target"
    DOUBLE, "starts_us" BIGINT, "ends_us" BIGINT);
ALTER TABLE contact_points ADD COLUMN "verified" BOOLEAN;
CREATE TABLE account_links ("customer_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT,
    "account_ref" VARCHAR, "account_key" BIGINT, "role" VARCHAR, "primary" BOOLEAN);
CREATE TABLE participants ("interaction_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT,
    "occurred_us" BIGINT, "role" VARCHAR, "customer_ref" VARCHAR, "customer_key" BIGINT, "employee" VARCHAR);
CREATE TABLE links ("interaction_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT,
    "customer_ref" VARCHAR, "customer_key" BIGINT, "occurred_us" BIGINT, "kind" VARCHAR, "to_ref" VARCHAR,
    "to_key" BIGINT, "role" VARCHAR);
CREATE TABLE items ("instrument_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT, "code"
    VARCHAR, "item" VARCHAR, "kind" VARCHAR, "measures" VARCHAR, "scale_min" DOUBLE, "scale_max" DOUBLE,
    "scale_direction" VARCHAR);
CREATE TABLE choices ("instrument_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT, "code"
    VARCHAR, "item" VARCHAR, "choice" VARCHAR, "value" DOUBLE);
CREATE TABLE wordings ("instrument_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT, "code"
    VARCHAR, "item" VARCHAR, "choice" VARCHAR, "language" VARCHAR, "text" VARCHAR);
CREATE TABLE pipeline_stages ("pipeline_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT,
    "code" VARCHAR, "stage" VARCHAR, "name" VARCHAR, "status" VARCHAR, "probability" DOUBLE);
CREATE TABLE sla_targets ("case_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT,
    "customer_ref" VARCHAR, "customer_key" BIGINT, "metric" VARCHAR, "policy" VARCHAR, "target_us" BIGINT,
    "calendar" VARCHAR, "applied_us" BIGINT, "due_us" BIGINT, "met" BOOLEAN);
CREATE TABLE spend ("campaign_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT, "code"
    VARCHAR, "day_day" BIGINT, "amount_micros" BIGINT, "amount_currency" VARCHAR);
CREATE TABLE opening_hours ("business_calendar_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us"
    BIGINT, "code" VARCHAR, "zone" VARCHAR, "weekday" BIGINT, "day_day" BIGINT, "opens_us" BIGINT, "closes_us"
    BIGINT);
CREATE TABLE rates ("rate_table_key" BIGINT, "position" BIGINT, "source" VARCHAR, "known_us" BIGINT, "code"
    VARCHAR, "base" VARCHAR, "currency" VARCHAR, "day_day" BIGINT, "rate_micros" BIGINT);
