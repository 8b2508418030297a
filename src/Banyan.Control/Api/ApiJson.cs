using System.Text.Json;
using System.Text.Json.Serialization;
using Banyan.Control.Registry;
using Banyan.Control.Telemetry;
using Banyan.Model;

namespace Banyan.Control.Api;

/// <summary>How documents become JSON: camelCase, nulls left out, generated at build time.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ApplyResult))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(TrafficDocument))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(DiffDocument))]
[JsonSerializable(typeof(RollbackDocument))]
[JsonSerializable(typeof(EdgesDocument))]
[JsonSerializable(typeof(RegistrationList))]
[JsonSerializable(typeof(MaintenanceResult))]
[JsonSerializable(typeof(ServiceList))]
[JsonSerializable(typeof(AuthorizationAnswer))]
[JsonSerializable(typeof(SuggestedPolicies))]
[JsonSerializable(typeof(AuditDocument))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(RegistrationRequest))]
[JsonSerializable(typeof(EdgeReport))]
[JsonSerializable(typeof(CertificatesDocument))]
[JsonSerializable(typeof(IssuedList))]
[JsonSerializable(typeof(JoinTokenEntry))]
[JsonSerializable(typeof(CsrDocument))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(RotationDocument))]
public sealed partial class ApiJson : JsonSerializerContext;
