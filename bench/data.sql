-- A large invented clinic, written by PostgreSQL itself. bench/data.py gives the values and runs one statement after the other.
-- The latest treatment of patient n was (n * 7919) %% 240 days ago, the two before it 120 days apart.

INSERT INTO clinic_patient (id, public_id, clinic_id, record_number, given_name, family_name, search_text, born_on, email, phone,
        language, contact_person, contact_person_phone, status, facts_revision, created_at)
    SELECT n, gen_random_uuid(), %(clinic)s, 'R-' || n, g, f, lower(g || ' ' || f || ' r-' || n), date '1940-01-01' + (n * 37 %% 20000),
        'p' || n || '@example.org', '', 'en', '', '', 'ACTIVE', 0, %(now)s
    FROM (SELECT n, 'Given' || substr(md5((n %% 997)::text), 1, 5) AS g, 'Family' || substr(md5((n %% 4999)::text), 1, 6) AS f
          FROM generate_series(1, %(n)s) n) s;

INSERT INTO clinic_consent (patient_id, purpose, is_given, by_patient, by_user_id, how, wording_version, at)
    SELECT n, purpose, true, false, %(user)s, 'bench', '1', %(now)s - interval '2 years'
    FROM generate_series(1, %(n)s) n, (VALUES ('VISIT'), ('INVITE')) v(purpose);

INSERT INTO clinic_condition (id, public_id, patient_id, indication_id, side, onset_precision, cause, grade, icd10_code, associated,
        created_at)
    SELECT n, gen_random_uuid(), n, %(indication)s, CASE WHEN n %% 2 = 0 THEN 'LEFT' ELSE 'RIGHT' END, '', '', '', '', '', %(now)s
    FROM generate_series(1, %(n)s) n;

INSERT INTO clinic_injectionsession (id, public_id, patient_id, condition_id, product_id, clinic_id, practitioner_id, performed_on,
        state, current_version_id, created_at)
    SELECT (n - 1) * 3 + k, gen_random_uuid(), n, n, %(product)s, %(clinic)s, %(practitioner)s + n %% %(practitioners)s,
        %(today)s::date - (n::bigint * 7919 %% 240)::int - (3 - k) * 120, 'SIGNED', (n - 1) * 3 + k, %(now)s
    FROM generate_series(1, %(n)s) n, generate_series(1, 3) k;

INSERT INTO clinic_sessionversion (id, session_id, number, performed_on, practitioner_id, product_id, total_units, amendment_reason,
        guidance, lid_technique, notes, signed_by_id, signed_at)
    SELECT id, id, 1, performed_on, practitioner_id, product_id, %(points)s * 2.5, '', '', '', '', %(user)s,
        performed_on + time '10:00'
    FROM clinic_injectionsession;

INSERT INTO clinic_injection (version_id, "order", site_id, side, point, view, x, y, units, depth)
    SELECT v.id, p, %(site)s, 'RIGHT', '', 'FACE_FRONT', 40, 40, 2.5, '' FROM clinic_sessionversion v, generate_series(1, %(points)s) p;

INSERT INTO clinic_followup (id, public_id, patient_id, condition_id, session_id, opens_on, opens_rule, closes_on, closes_rule,
        suggested_from, suggested_until, suggested_basis, state, stop_reason, stop_note, ended_at, snooze_note, created_at)
    SELECT id, gen_random_uuid(), patient_id, condition_id, id, (performed_on + interval '3 months')::date, 'policy',
        (performed_on + interval '6 months')::date, 'policy', (performed_on + interval '3 months')::date,
        (performed_on + interval '3 months')::date + 21, 'policy', CASE WHEN id %% 3 = 0 THEN 'ACTIVE' ELSE 'TREATED' END, '', '',
        CASE WHEN id %% 3 = 0 THEN NULL ELSE %(now)s END, '', %(now)s
    FROM clinic_injectionsession;

INSERT INTO clinic_appointment (public_id, patient_id, practitioner_id, clinic_id, kind_id, follow_up_id, starts_at, ends_at, state,
        cancel_reason, overbooked_reason, sequence, created_at)
    SELECT gen_random_uuid(), s.patient_id, s.practitioner_id, %(clinic)s, %(kind)s, s.id,
        %(now)s + s.nth * interval '30 minutes', %(now)s + (s.nth + 1) * interval '30 minutes', 'BOOKED', '', '', 0, %(now)s
    FROM (SELECT id, patient_id, practitioner_id, row_number() OVER (PARTITION BY practitioner_id ORDER BY id) AS nth
          FROM clinic_injectionsession WHERE id %% 3 = 0 AND patient_id %% 7 = 0) s;

INSERT INTO clinic_contactattempt (public_id, follow_up_id, channel, outcome, declined_why, note, by_id, at)
    SELECT gen_random_uuid(), id, 'PHONE', 'NO_ANSWER', '', '', %(user)s, %(now)s - interval '9 days'
    FROM clinic_followup WHERE state = 'ACTIVE' AND patient_id %% 10 = 0;

INSERT INTO clinic_message (public_id, clinic_id, patient_id, step, ordinal, letter, follow_up_id, dedupe_key, message_id, language,
        state, reason, due_at, ready_at, expires_at, worker, attempts, sent_at, rendered_hash, recipient_hash, created_at,
        changed_at)
    SELECT gen_random_uuid(), %(clinic)s, patient_id, 'INVITE', 1, 'invite', id, 'bench:' || id, '<' || gen_random_uuid() || '@bench>', 'en',
        'SENT', '', opens_on - 14, opens_on - 14, closes_on, 'bench', 1, opens_on - 14, '', '', opens_on - 14, opens_on - 14
    FROM clinic_followup WHERE opens_on - 14 < %(today)s;

INSERT INTO clinic_sideeffect (id, public_id, patient_id, session_id, state, current_version_id, reported_by_patient, reported_by_id,
        reported_at)
    SELECT nth, gen_random_uuid(), patient_id, id, CASE WHEN nth %% 3 = 0 THEN 'NEW' ELSE 'REVIEWED' END, nth, false, %(user)s,
        performed_on + time '12:00' + interval '5 days'
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS nth FROM clinic_injectionsession WHERE id %% 12 = 0) s;

INSERT INTO clinic_sideeffectversion (id, side_effect_id, number, term_id, onset_on, severity, serious_criteria, outcome, narrative, reason,
        by_user_id, at)
    SELECT e.id, e.id, 1, (SELECT min(id) FROM clinic_term) + e.id %% 20, e.reported_at::date, 1 + e.id %% 2, '[]', 'RECOVERED', '', '',
        %(user)s, e.reported_at
    FROM clinic_sideeffect e;
