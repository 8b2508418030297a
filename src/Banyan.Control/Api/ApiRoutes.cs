using Banyan.Control.Registry;
using Banyan.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Banyan.Control.Api;

/// <summary>The whole API on one page.</summary>
internal sealed record ApiRoutes(
    StatusEndpoint Status,
    ResourcesEndpoint Resources,
    ApplyEndpoint Apply,
    HistoryEndpoint History,
    InstancesEndpoint Instances,
    RegistryEndpoint Registry,
    ServicesEndpoint Services,
    AuthorizationEndpoint Authorization,
    SuggestionEndpoint Suggestion,
    TokensEndpoint Tokens,
    EventsEndpoint Events,
    TrafficEndpoint Traffic,
    EdgesEndpoint Edges,
    JoinTokensEndpoint JoinTokens,
    CertificatesEndpoint Certificates,
    AuthorityEndpoint Authority)
{
    private const string Instance = "/api/v1/instances/{namespace}/{workload}/{replica}";
    private const string Endpoint = "/api/v1/registrations/{namespace}/{service}/{address}";
    private const string OpenApiPath = "/api/v1/openapi.json";

    private static readonly string[] Objects = ["text/yaml", "application/json"];
    private static readonly string[] Json = ["application/json"];
    private static readonly (string, string) By = ("by", "Who writes; with a token its name counts");
    private static readonly (string, string) Reason = ("reason", "Why; the history shows it");
    private static readonly (string, string) DryRun = ("dryRun", "true: nothing is changed");
    private static readonly (string, string) Force =
        ("force", "true: also when callers that were seen of late would be cut off");

    private static readonly (string, string) Kind = ("kind", "Only this kind");
    private static readonly (string, string) Namespace = ("namespace", "Only this namespace");
    private static readonly (string, string) Name = ("name", "Only objects of this name");

    /// <summary>Every address.</summary>
    public IReadOnlyList<ApiOperation> All() =>
    [
        new("GET", "/ready", "Whether every source has loaded", Status.ReadyAsync)
        {
            AnswerMedia = "text/plain", Refusals = [503],
        },
        new("GET", "/api/v1/status", "The control plane, its sources and its proxies", Status.StatusAsync)
        {
            Answer = typeof(StatusDocument),
        },
        new("POST", "/api/v1/files/accept-removal", "Lets the removal of a file take effect", Status.AcceptRemovalAsync)
        {
            Query = [("path", "The file, or its folder"), By, Reason],
            Answer = typeof(ApplyResult), Refusals = [404, 422],
        },
        new("GET", "/api/v1/resources/{kind}", "Objects of a kind with status and owner", Resources.ListAsync)
        {
            Query = [Namespace, Name], AnswerMedia = "application/json", Refusals = [404],
        },
        new("POST", "/api/v1/apply", "Creates or changes every object of the body, or none", Apply.ApplyAsync)
        {
            Query =
            [
                By, Reason, DryRun, ("take", "true: also objects of other owners"),
                Force,
                ("ifRevision", "Refused when one of the objects changed after this revision"),
                ("file", "What messages call the body"),
            ],
            Body = Objects, Answer = typeof(ApplyResult), Refusals = [409, 413, 415, 422],
        },
        new("DELETE", "/api/v1/resources/{kind}/{namespace}/{name}",
            "Deletes an object that was applied", Apply.DeleteAsync)
        {
            Query = [Force, By, Reason],
            Answer = typeof(ApplyResult), Refusals = [404, 409, 422],
        },
        new("GET", "/api/v1/history", "Revisions, the newest first", History.ListAsync)
        {
            Query = [Kind, Namespace, Name, ("limit", "1 to 500, 50 by default"), ("before", "Only older ones")],
            Answer = typeof(HistoryDocument),
        },
        new("GET", "/api/v1/audit", "Every write, the newest first", History.AuditAsync)
        {
            Query = [("limit", "1 to 500, 50 by default")], Answer = typeof(AuditDocument),
        },
        new("POST", "/api/v1/diff", "What applying the body would change; nothing is stored", History.DiffAsync)
        {
            Query = [("file", "What messages call the body")],
            Body = Objects, Answer = typeof(DiffDocument), Refusals = [413, 415, 422],
        },
        new("POST", "/api/v1/rollback", "Makes what was applied what it was at a revision", History.RollbackAsync)
        {
            Query = [("revision", "Its number; needed"), Kind, Namespace, Name, DryRun, Force, By, Reason],
            Answer = typeof(RollbackDocument), Refusals = [404, 409, 422],
        },
        new("GET", "/api/v1/events", "Revisions as they are made, as server-sent events", Events.ListenAsync)
        {
            Query = [("after", "Begins after this revision; so does the field Last-Event-ID")],
            AnswerMedia = "text/event-stream",
        },
        new("GET", "/api/v1/instances", "Processes and their sidecars", Instances.ListAsync)
        {
            AnswerMedia = "application/json",
        },
        new("PUT", Instance, "Registers a process and its sidecar, or confirms it", Instances.PutAsync)
        {
            Query = [By], Body = Json, BodyType = typeof(WorkloadInstance), Success = 204, Refusals = [413, 422, 507],
        },
        new("DELETE", Instance, "Removes a process", Instances.DeleteAsync)
        {
            Query = [By, Reason], Success = 204, Refusals = [404],
        },
        new("GET", "/api/v1/services", "Services with owner, version, tier and endpoints", Services.ListAsync)
        {
            Query = [Namespace], Answer = typeof(ServiceList),
        },
        new("GET", "/api/v1/authorization", "What sidecars decide about a call, and by which policy",
            Authorization.CheckAsync)
        {
            Query =
            [
                ("from", "A workload as NAME or NAMESPACE/NAME, or a SPIFFE ID; absent = a caller in plaintext"),
                ("to", "SERVICE or SERVICE.NAMESPACE; needed"), ("port", "Of the service; 80 or its first by default"),
                ("method", "Of the request; GET by default"), ("path", "Of the request; / by default"),
            ],
            Answer = typeof(AuthorizationAnswer),
        },
        new("GET", "/api/v1/authorization/suggestion", "Policies that allow what was seen, and no more",
            Suggestion.GetAsync)
        {
            Query =
            [
                ("since", "A duration up to 720h; 24h by default"),
                ("service", "SERVICE or SERVICE.NAMESPACE; absent = every service"), Namespace,
                ("detail", "identities, methods (the default) or paths"), ("audit", "true: in audit mode"),
                ("rare", "Fewer requests than this are rare, from 0; 10 by default"),
            ],
            Answer = typeof(SuggestedPolicies),
        },
        new("POST", "/api/v1/services/{namespace}/{service}/maintenance",
            "Takes registered endpoints out of rotation, or back", Registry.MaintainAsync)
        {
            Query =
            [
                ("on", "true or false; needed"), ("version", "Only this version"), ("address", "Only this endpoint"),
                By, Reason,
            ],
            Answer = typeof(MaintenanceResult), Refusals = [404],
        },
        new("GET", "/api/v1/registrations", "Endpoints that registered themselves", Registry.ListAsync)
        {
            Answer = typeof(RegistrationList),
        },
        new("PUT", Endpoint, "Registers an endpoint, or renews it", Registry.PutAsync)
        {
            Query = [By, Reason], Body = Json, BodyType = typeof(RegistrationRequest), Answer = typeof(Registration),
            Refusals = [413, 422],
        },
        new("DELETE", Endpoint, "Takes a registration back", Registry.DeleteAsync)
        {
            Query = [By, Reason], Success = 204, Refusals = [404],
        },
        new("POST", Endpoint + "/heartbeat", "Says that an endpoint still lives", Registry.HeartbeatAsync)
        {
            Success = 204, Refusals = [404],
        },
        new("GET", "/api/v1/tokens", "The tokens; for admins", Tokens.ListAsync) { Answer = typeof(TokenList) },
        new("POST", "/api/v1/tokens", "Makes a token; the answer alone holds its text", Tokens.CreateAsync)
        {
            Query =
            [
                ("name", "Who or what it is for; needed"), ("role", "admin or read-only, which is the default"),
                ("expiresIn", "Seconds; absent = until it is revoked"), By, Reason,
            ],
            Answer = typeof(TokenEntry), Success = 201, Refusals = [507],
        },
        new("DELETE", "/api/v1/tokens/{id}", "Revokes a token", Tokens.RevokeAsync)
        {
            Query = [By, Reason], Success = 204, Refusals = [404],
        },
        new("GET", "/api/v1/traffic", "What the sidecars have counted", Traffic.GetAsync)
        {
            Query = [("raw", "true: with histograms")], Answer = typeof(TrafficDocument),
        },
        new("GET", "/api/v1/edges", "Who called whom, from the reports of the sidecars", Edges.GetAsync)
        {
            Query = [("since", "A duration up to 720h; 24h by default")], Answer = typeof(EdgesDocument),
        },
        new("POST", "/api/v1/join-tokens", "Makes a token by which a workload joins, once", JoinTokens.CreateAsync)
        {
            Query =
            [
                ("workload", "NAMESPACE/NAME; needed"), ("expiresIn", "Seconds, up to 7 days; 3600 by default"),
                By, Reason,
            ],
            Answer = typeof(JoinTokenEntry), Success = 201, Refusals = [404, 507],
        },
        new("GET", "/api/v1/certificates", "The authority and who has certificates", Certificates.StatusAsync)
        {
            Answer = typeof(CertificatesDocument),
        },
        new("GET", "/api/v1/certificates/issued", "Certificates, the newest first", Certificates.IssuedAsync)
        {
            Query =
            [
                ("identity", "Only of this SPIFFE ID"), ("serial", "Only the one of this serial"),
                ("limit", "1 to 500, 50 by default"),
            ],
            Answer = typeof(IssuedList),
        },
        new("POST", "/api/v1/certificates/{serial}/deny",
            "A certificate proves nothing any more", Certificates.DenyAsync)
        {
            Query = [By, Reason], Answer = typeof(IssuedEntry), Refusals = [404],
        },
        new("POST", "/api/v1/certificates/csr", "A request for an issuing certificate", Authority.RequestAsync)
        {
            Query = [By, Reason], Answer = typeof(CsrDocument),
        },
        new("POST", "/api/v1/certificates/install", "Takes an issuing certificate", Authority.InstallAsync)
        {
            Query = [By, Reason], Body = ["application/x-pem-file"], BodyType = typeof(string), Success = 204,
            Refusals = [413, 422],
        },
        new("GET", "/api/v1/certificates/rotation", "How far a change of the root is", Authority.RotationAsync)
        {
            Answer = typeof(RotationDocument),
        },
        new("POST", "/api/v1/certificates/rotate-root", "The next stage of a change of the root", Authority.RotateAsync)
        {
            Query =
            [
                ("from", "none, trusted or signing: the stage as it is now; needed, but to abort"),
                ("force", "true: also when the last stage is not proved"), ("abort", "true: back, before it signs"),
                By, Reason,
            ],
            Answer = typeof(RotationDocument), Refusals = [409],
        },
    ];

    /// <summary>Maps every address, and the document that describes them.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var operations = All().ToList();
        ReadOnlyMemory<byte> document = default;
        operations.Add(new ApiOperation(
            "GET", OpenApiPath, "This document", context => Reply.JsonAsync(context, document))
        {
            AnswerMedia = "application/json",
        });
        document = OpenApiDocument.Write(operations);
        foreach (var operation in operations)
        {
            routes.MapMethods(operation.Path, [operation.Method], operation.Handler);
        }
    }
}
