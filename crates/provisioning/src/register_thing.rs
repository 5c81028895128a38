//! `RegisterThing`, over MQTT: a device with a new certificate joins the fleet.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::hook::HookRequest;
use fleetwright_core::names::TemplateName;
use fleetwright_core::ownership::{self, Judgement, Ownership, RequestDigest};
use fleetwright_core::payload::{self, RegisterThing, ThingRegistered};
use fleetwright_core::time::Timestamp;
use fleetwright_host::{clock, random};
use fleetwright_store::{ApplyRegistration, Renewal, SpendToken, Store, TokenState};

use super::templates::Compiled;
use super::{Provisioning, ProvisioningRequest};

impl Provisioning {
    /// Registers the device of an ownership token by a template.
    pub(super) async fn register_thing(
        &self,
        store: &Store,
        request: &ProvisioningRequest,
        name: &TemplateName,
        request_id: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let body = payload::decode_register_thing(&request.payload, request.topic.format)?;
        let now = clock::now();

        // 1. The token: good, spent by this very request, or refused.
        let digest = body.token.digest();
        let digest_of_request = ownership::request_digest(name, &body.parameters);
        let state = self.store.token_state(digest.0).await?;
        if let Some(state) = &state {
            store.about(&format!("cert/{}", state.certificate));
        }
        let certificate = match judge(state, now, digest_of_request)? {
            Judged::Replay(answer) => {
                about_thing(store, answer.thing_name.as_deref());
                return Ok(answer.encode(request.topic.format));
            }
            Judged::Proceed(certificate) => certificate,
        };

        // 2. The template: the claim's own, enabled, and for fleets.
        may_use(request, name)?;
        let template = self.fleet_template(name).await?;
        template.enabled()?;

        // 3. The hook, if there is one, decides and may override parameters.
        let (overrides, renewal) =
            self.ask_hook(request, &template, &certificate, &body, request_id).await?;

        // 4. The template is evaluated to a plan.
        let plan = template.plan(certificate.certificate, &body.parameters, &overrides)?;
        let answer = ThingRegistered {
            device_configuration: plan.device_configuration.clone(),
            thing_name: plan.thing.as_ref().map(|thing| thing.name.to_string()),
        };
        about_thing(store, answer.thing_name.as_deref());

        // 5. The template's role allows what the plan changes.
        let plan = self.as_its_role(&template, certificate.certificate, plan).await?;

        // 6. The plan is applied and the token spent, in one transaction, if the claim is still good.
        let now = clock::now();
        self.claims.in_time(&request.claim, now)?;
        let apply = ApplyRegistration {
            plan: plan.into_inner(),
            token: Some(SpendToken {
                digest,
                request: digest_of_request,
                answer: stored(&answer)?,
            }),
            thing_id: random::uuid()?,
            claim: Some((request.claim_row, self.claims.max_devices(&request.claim))),
            renewal,
            pending_only: false,
            now,
        };
        let registered = store.apply_registration(apply).await?;
        request.outlives.store(true, Ordering::Release);
        // The stored answer, when another request with this token came first and was the same.
        let applied = registered.replay.as_deref().map(read_answer).transpose()?;
        let answer = applied.unwrap_or(answer);
        tracing::info!(
            event = "ProvisionDevice", status = "Success", template = %name,
            thing = answer.thing_name.as_deref(), certificate = %certificate.certificate,
            claim = %request.claim, client_id = %request.client_id, "device registered"
        );
        Ok(answer.encode(request.topic.format))
    }

    /// What the template's hook overrides, and what its function may do to the certificate of a
    /// device that renews itself.
    async fn ask_hook(
        &self,
        request: &ProvisioningRequest,
        template: &Compiled,
        token: &TokenState,
        body: &RegisterThing,
        request_id: &str,
    ) -> Result<(BTreeMap<String, String>, Option<Renewal>), Refusal> {
        let Some(hook) = &template.record.hook else { return Ok(Default::default()) };
        // A device that renews itself may be switched off by the hook.
        let mut renewal = self.store.renewal(request.claim_row).await?;
        if let Some(renewal) = &mut renewal {
            renewal.hook = self.hooks.principal(&hook.target).await?;
        }
        request.outlives.store(renewal.is_some(), Ordering::Release);
        let event = HookRequest {
            claim_certificate_id: request.claim.to_string(),
            certificate_id: token.certificate.to_string(),
            certificate_pem: fleetwright_ca::pem(&token.der),
            template_arn: self.scope.arn("provisioningtemplate", &template.record.name),
            client_id: request.client_id.to_string(),
            parameters: body.parameters.clone(),
        };
        self.hooks.record(request_id, &event);
        Ok((self.hooks.decide(&hook.target, &event).await.overrides()?, renewal))
    }
}

/// What a token allows.
enum Judged {
    Proceed(TokenState),
    Replay(ThingRegistered),
}

fn judge(
    state: Option<TokenState>,
    now: Timestamp,
    request: RequestDigest,
) -> Result<Judged, Refusal> {
    let Some(state) = state else {
        ownership::judge::<()>(None, now, request)?;
        return Err(Refusal::internal("an unknown token was judged good"));
    };
    let ownership = match &state.spent {
        None => Ownership::Unspent { until: state.until },
        Some(spent) => Ownership::Spent {
            request: RequestDigest(spent.request_digest),
            answer: spent.answer.clone(),
            until: state.until,
        },
    };
    match ownership::judge(Some(ownership), now, request)? {
        Judgement::Proceed => Ok(Judged::Proceed(state)),
        Judgement::Replay(stored) => read_answer(&stored).map(Judged::Replay),
    }
}

/// The record names the thing beside the template.
fn about_thing(store: &Store, name: Option<&str>) {
    if let Some(name) = name {
        store.about(&format!("thing/{name}"));
    }
}

/// A trusted user's claim registers with its own template only.
fn may_use(request: &ProvisioningRequest, name: &TemplateName) -> Result<(), Refusal> {
    match &request.held_to {
        Some(own) if own != name => Err(Refusal::new(
            ErrorCode::AccessDenied,
            format!("This provisioning claim is for template {own}, not {name}."),
        )),
        _ => Ok(()),
    }
}

fn stored(answer: &ThingRegistered) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(&(&answer.device_configuration, &answer.thing_name))
        .map_err(Refusal::internal)
}

fn read_answer(stored: &[u8]) -> Result<ThingRegistered, Refusal> {
    let (device_configuration, thing_name) =
        serde_json::from_slice(stored).map_err(Refusal::internal)?;
    Ok(ThingRegistered { device_configuration, thing_name })
}
