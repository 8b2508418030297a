using System.Text.Json;
using System.Text.Json.Serialization;
using Banyan.Control.Telemetry;

namespace Banyan.Control.Api;

/// <summary>How documents become JSON: camelCase, nulls left out, generated at build time.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ApplyResult))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(TrafficDocument))]
[JsonSerializable(typeof(EdgeReport))]
public sealed partial class ApiJson : JsonSerializerContext;
