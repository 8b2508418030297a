using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;

namespace Banyan.Proxy.Policy;

/// <summary>Stage "authorize" of inbound listeners: whether this caller may have what it asks for. Nothing has reached the application
/// yet.</summary>
/// <remarks>Who calls is what its certificate proved on this connection; what a request says of its caller does not count. A decision
/// allocates nothing, a denial may: it is logged.</remarks>
internal static class Authorize
{
    /// <summary>Decides about a request, by its canonical path.</summary>
    internal static Failure Request(Exchange x)
    {
        var verdicts = default(TokenVerdicts);
        Span<TokenVerdict?> tokens = verdicts;
        if (x.Listener.Tokens is { } accepted && Authenticate.Request(x, accepted, tokens) is var failure && failure != Failure.None)
        {
            return failure;
        }

        return x.Listener.Authorization is { } table
            ? Judge(x, table, new AuthorizationView
            {
                Identity = x.Client.Identity,
                Peer = table.AsksNetwork ? x.Client.Address : default,
                Port = x.Listener.Port,
                IsHttp = true,
                Tokens = tokens,
                Request = RouteStage.View(x),
            })
            : Failure.None;
    }

    /// <summary>Decides about a connection whose bytes are relayed unread.</summary>
    internal static Failure Connection(Exchange x)
    {
        if (x.Listener.Tokens is { RequiresToken: true })
        {
            // No policy's, but denied all the same.
            x.DeniedBy = "";
            return Failure.PolicyNotHttp;
        }

        return x.Listener.Authorization is { } table
            ? Judge(x, table, new AuthorizationView
            {
                Identity = x.Client.Identity,
                Peer = table.AsksNetwork ? x.Client.Address : default,
                Port = x.Listener.Port,
            })
            : Failure.None;
    }

    /// <summary>The policy's name is for who has shown that it belongs to the mesh, or where nobody can.</summary>
    internal static ReadOnlySpan<char> NameFor(Exchange x) =>
        x.DeniedBy is { Length: > 0 } name && (x.Client.Identity.Length > 0 || x.Listener.Security == ListenerSecurity.Plaintext)
            ? name
            : default;

    private static Failure Judge(Exchange x, AuthorizationTable table, in AuthorizationView view)
    {
        var decision = table.Decide(in view);
        if (decision.Audited is { } audited)
        {
            x.Worker.Count(Counter.AuthorizationAudited);
            x.Worker.Denials?.Write(x, "authorization-audit", audited, Reason(decision.Reason, isAudit: true), view.IsHttp);
        }

        if (decision.Allowed)
        {
            return Failure.None;
        }

        x.DeniedBy = decision.Policy ?? "";
        x.Worker.Denials?.Write(x, "authorization-denied", x.DeniedBy, Reason(decision.Reason, isAudit: false), view.IsHttp);
        return decision.Reason == DenyReason.NotHttp ? Failure.PolicyNotHttp : Failure.AuthorizationDenied;
    }

    private static string Reason(DenyReason reason, bool isAudit) => isAudit ? "audit" : reason switch
    {
        DenyReason.Denied => "denied",
        DenyReason.NotHttp => "l7-policy-not-http",
        _ => "nothing-allows",
    };
}
