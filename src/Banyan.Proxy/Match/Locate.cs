using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Match;

/// <summary>Stage "match", first half: which destination the request names.</summary>
internal static class Locate
{
    /// <summary>Finds the destination in what is known; <paramref name="unknown"/> asks for <see cref="Discover"/>.</summary>
    internal static Failure Known(Exchange x, out bool unknown)
    {
        unknown = false;
        if (x.Listener.Role != ListenerRole.Outbound)
        {
            x.Target = x.Listener.Target;
            return x.Target is null ? Failure.DiscoveryUnavailable : Failure.None;
        }

        var authority = Authority(x);
        x.Target = x.Client.Remembered(authority, x.Snapshot);
        if (x.Target is not null)
        {
            return Failure.None;
        }

        Span<char> name = stackalloc char[MeshName.MaxLength + 64 + 8];
        var kind = MeshName.Parse(authority, x.Worker.Namespace, 80, name, out var length);
        switch (kind)
        {
            case NameKind.Invalid:
                return Failure.MalformedRequest;
            case NameKind.External:
                return External(x);
            default:
                break;
        }

        x.Target = x.Snapshot.Find(name[..length]);
        if (x.Target is not null)
        {
            x.Client.Remember(authority, x.Snapshot, x.Target);
            return Failure.None;
        }

        if (x.Snapshot.IsMissing(name[..length]))
        {
            return kind == NameKind.MeshOnly ? Failure.NoSuchService : External(x);
        }

        unknown = true;
        return Failure.None;
    }

    /// <summary>Asks the control plane and tries again.</summary>
    internal static async ReactorTask<Failure> Discover(Exchange x)
    {
        x.Worker.Count(Counter.DiscoveryWaits);
        if (!await x.Worker.Discovery.Await(Name(x)))
        {
            return Failure.DiscoveryUnavailable;
        }

        x.Snapshot = x.Worker.Snapshots.Current;
        var failure = Known(x, out var unknown);
        return unknown ? Failure.DiscoveryUnavailable : failure;
    }

    /// <summary>The authority that counts: of the CONNECT around the request, else of the request.</summary>
    internal static ReadOnlySpan<byte> Authority(Exchange x) =>
        x.Client.ConnectAuthority is { } connect ? connect : x.Request.Authority(x.RequestBytes);

    private static Failure External(Exchange x)
    {
        x.Target = x.Listener.Fallback;
        return x.Target is null ? Failure.OutboundDenied : Failure.None;
    }

    private static string Name(Exchange x)
    {
        Span<char> name = stackalloc char[MeshName.MaxLength + 64 + 8];
        MeshName.Parse(Authority(x), x.Worker.Namespace, 80, name, out var length);
        return new string(name[..length]);
    }
}
