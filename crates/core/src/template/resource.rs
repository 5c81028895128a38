//! The three kinds of resource, each read from its `Properties` and `OverrideSettings`.

use std::collections::BTreeMap;

use super::expression::{Expression, is_function};
use super::read::{TemplateError, TemplateUse, known, object, text};
use crate::plan::{Override, ThingOverrides};
use crate::tree::{Members, Tree};

/// `AWS::IoT::Thing`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thing {
    pub(super) logical_name: String,
    pub(super) name: Expression,
    pub(super) attributes: Option<BTreeMap<String, Expression>>,
    pub(super) type_name: Option<Expression>,
    pub(super) groups: Option<Expression>,
    pub(super) billing_group: Option<Expression>,
    pub(super) on_existing: ThingOverrides,
    /// `PackageVersions` is there; AWS does not document its syntax and we do nothing with it.
    pub(super) package_versions: bool,
}

/// `AWS::IoT::Certificate`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Certificate {
    pub(super) logical_name: String,
    pub(super) source: Source,
    pub(super) status: Option<Expression>,
    pub(super) principal_type: Option<Expression>,
    pub(super) on_status: Override,
}

/// How a template names its certificate.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Id(Expression),
    SigningRequest(Expression),
    Pem { certificate: Expression, ca: Option<Expression> },
}

/// What every resource has, taken apart.
pub(super) struct Resource<'a> {
    pub(super) logical_name: &'a str,
    pub(super) path: String,
    pub(super) properties: &'a Members,
    pub(super) overrides: Option<&'a Members>,
}

impl Resource<'_> {
    pub(super) fn properties_path(&self) -> String {
        format!("{}.Properties", self.path)
    }

    pub(super) fn optional(&self, name: &str) -> Result<Option<Expression>, TemplateError> {
        let tree = self.properties.get(name);
        let path = format!("{}.{name}", self.properties_path());
        tree.map(|tree| Expression::property(tree, &path)).transpose()
    }

    /// The action for one property, whose key is spelled `name` or `OTHER_NAME`.
    fn action(&self, name: &str, other: &str, merge: bool) -> Result<Override, TemplateError> {
        let Some(overrides) = self.overrides else { return Ok(Override::Unset) };
        let path = format!("{}.OverrideSettings.{name}", self.path);
        let tree = match (overrides.get(name), (other != name).then(|| overrides.get(other))) {
            (Some(_), Some(Some(_))) => {
                return Err(TemplateError::new(path, format!("is given twice, also as {other}")));
            }
            (Some(tree), _) | (None, Some(Some(tree))) => tree,
            _ => return Ok(Override::Unset),
        };
        let action = match tree {
            Tree::Text(action) => action.as_str(),
            _ => "",
        };
        match action {
            "DO_NOTHING" => Ok(Override::DoNothing),
            "REPLACE" => Ok(Override::Replace),
            "FAIL" => Ok(Override::Fail),
            "MERGE" if merge => Ok(Override::Merge),
            "MERGE" => Err(TemplateError::new(
                path,
                "MERGE is for AttributePayload and ThingGroups only; use DO_NOTHING, REPLACE or \
                 FAIL",
            )),
            _ if merge => {
                Err(TemplateError::new(path, "must be DO_NOTHING, REPLACE, FAIL or MERGE"))
            }
            _ => Err(TemplateError::new(path, "must be DO_NOTHING, REPLACE or FAIL")),
        }
    }

    fn only_overrides(&self, names: &[&str]) -> Result<(), TemplateError> {
        let path = format!("{}.OverrideSettings", self.path);
        self.overrides.map_or(Ok(()), |overrides| known(overrides, &path, names))
    }

    pub(super) fn thing(&self) -> Result<Thing, TemplateError> {
        let path = self.properties_path();
        known(
            self.properties,
            &path,
            &[
                "ThingName",
                "AttributePayload",
                "ThingTypeName",
                "ThingGroups",
                "BillingGroup",
                "PackageVersions",
            ],
        )?;
        self.only_overrides(&[
            "AttributePayload",
            "ATTRIBUTE_PAYLOAD",
            "ThingTypeName",
            "THING_TYPE_NAME",
            "ThingGroups",
            "THING_GROUPS",
        ])?;
        let name = self.optional("ThingName")?.ok_or_else(|| {
            TemplateError::new(&path, "ThingName is missing: a thing needs a name")
        })?;
        let groups = self.properties.get("ThingGroups");
        let groups = groups
            .map(|tree| Expression::list(tree, &format!("{path}.ThingGroups")))
            .transpose()?;
        Ok(Thing {
            logical_name: self.logical_name.to_owned(),
            name,
            attributes: self.attributes()?,
            type_name: self.optional("ThingTypeName")?,
            groups,
            billing_group: self.optional("BillingGroup")?,
            on_existing: ThingOverrides {
                attributes: self.action("AttributePayload", "ATTRIBUTE_PAYLOAD", true)?,
                type_name: self.action("ThingTypeName", "THING_TYPE_NAME", false)?,
                groups: self.action("ThingGroups", "THING_GROUPS", true)?,
            },
            package_versions: self.properties.get("PackageVersions").is_some(),
        })
    }

    fn attributes(&self) -> Result<Option<BTreeMap<String, Expression>>, TemplateError> {
        let Some(tree) = self.properties.get("AttributePayload") else { return Ok(None) };
        let path = format!("{}.AttributePayload", self.properties_path());
        let mut attributes = BTreeMap::new();
        for (name, value) in object(tree, &path)?.iter() {
            let path = format!("{path}.{name}");
            if name == "attributes" && matches!(value, Tree::Map(_)) && !is_function(value) {
                return Err(TemplateError::new(
                    path,
                    "attributes stand directly under AttributePayload in a template, not under \
                     'attributes' as in CreateThing",
                ));
            }
            attributes.insert(name.to_owned(), Expression::property(value, &path)?);
        }
        Ok(Some(attributes))
    }

    pub(super) fn certificate(&self, use_: TemplateUse) -> Result<Certificate, TemplateError> {
        let path = self.properties_path();
        known(
            self.properties,
            &path,
            &[
                "CertificateId",
                "CertificateSigningRequest",
                "CertificatePem",
                "CACertificatePem",
                "Status",
                "ThingPrincipalType",
            ],
        )?;
        self.only_overrides(&["Status", "STATUS"])?;
        let status = self.optional("Status")?;
        one_of(status.as_ref(), &["ACTIVE", "INACTIVE"], &format!("{path}.Status"))?;
        let principal_type = self.optional("ThingPrincipalType")?;
        one_of(
            principal_type.as_ref(),
            &["EXCLUSIVE_THING", "NON_EXCLUSIVE_THING"],
            &format!("{path}.ThingPrincipalType"),
        )?;
        Ok(Certificate {
            logical_name: self.logical_name.to_owned(),
            source: self.source(use_, &path)?,
            status,
            principal_type,
            on_status: self.action("Status", "STATUS", false)?,
        })
    }

    fn source(&self, use_: TemplateUse, path: &str) -> Result<Source, TemplateError> {
        let id = self.optional("CertificateId")?;
        let request = self.optional("CertificateSigningRequest")?;
        let pem = self.optional("CertificatePem")?;
        let ca = self.optional("CACertificatePem")?;
        match (id, request, pem, ca) {
            (Some(id), None, None, None) => Ok(Source::Id(id)),
            _ if use_ != TemplateUse::Bulk => Err(TemplateError::new(
                path,
                "a stored template names its certificate by CertificateId alone: \
                 \"CertificateId\": {\"Ref\": \"AWS::IoT::Certificate::Id\"}",
            )),
            (None, Some(request), None, None) => Ok(Source::SigningRequest(request)),
            (None, None, Some(certificate), ca) => Ok(Source::Pem { certificate, ca }),
            _ => Err(TemplateError::new(
                path,
                "needs exactly one of CertificateId, CertificateSigningRequest and CertificatePem \
                 (CACertificatePem goes with CertificatePem only)",
            )),
        }
    }
}

/// Checks a literal against a short list, in any case; AWS's own samples write "Active".
fn one_of(value: Option<&Expression>, words: &[&str], path: &str) -> Result<(), TemplateError> {
    match value {
        Some(Expression::Text(word)) if !words.iter().any(|w| w.eq_ignore_ascii_case(word)) => {
            Err(TemplateError::new(path, format!("must be {}", words.join(" or "))))
        }
        _ => Ok(()),
    }
}

/// Takes a resource apart.
pub(super) fn open<'a>(
    logical_name: &'a str,
    tree: &'a Tree,
) -> Result<(&'a str, Resource<'a>), TemplateError> {
    let path = format!("Resources.{logical_name}");
    let members = object(tree, &path)?;
    known(members, &path, &["Type", "Properties", "OverrideSettings"])?;
    let kind = match members.get("Type") {
        Some(kind) => text(kind, &format!("{path}.Type"))?,
        None => return Err(TemplateError::new(path, "Type is missing")),
    };
    let properties = match members.get("Properties") {
        Some(tree) => object(tree, &format!("{path}.Properties"))?,
        None => return Err(TemplateError::new(path, "Properties is missing")),
    };
    let overrides = members
        .get("OverrideSettings")
        .map(|tree| object(tree, &format!("{path}.OverrideSettings")))
        .transpose()?;
    Ok((kind, Resource { logical_name, path, properties, overrides }))
}
