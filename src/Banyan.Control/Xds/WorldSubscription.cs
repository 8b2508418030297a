using System.Globalization;

namespace Banyan.Control.Xds;

/// <summary>
/// What one state-of-the-world stream asked for of one type, holds, and waits for. Guarded by the stream's lock.
/// </summary>
/// <remarks>
/// Of listeners and clusters an answer holds everything that is subscribed, and what is missing does not exist. Of
/// endpoints and routes it holds what is new or different; their end is the end of what refers to them.
/// </remarks>
internal sealed class WorldSubscription(XdsType type)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private string[] _sent = [];
    private string _sentVersion = "";
    private bool _everNamed;

    /// <summary>The type.</summary>
    public XdsType Type { get; } = type;

    /// <summary>Whether answers are complete.</summary>
    public bool IsFull { get; } = type is XdsType.Listener or XdsType.Cluster;

    /// <summary>The names that were asked for.</summary>
    public IReadOnlySet<string> Names => _names;

    /// <summary>Whether all that is the node's own is subscribed.</summary>
    public bool Wildcard { get; private set; }

    /// <summary>Whether an answer must leave although nothing may differ.</summary>
    public bool AnswerDue { get; set; }

    /// <summary>What the other side was sent, and has if it took it.</summary>
    public Dictionary<string, EncodedResource> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>Names whose first answer is due; it does not wait for other types.</summary>
    public HashSet<string> Fresh { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that may differ from what was sent; these coalesce while a push is not acknowledged.</summary>
    public HashSet<string> Dirty { get; } = new(StringComparer.Ordinal);

    /// <summary>The nonce of the last answer; empty before the first.</summary>
    public string Nonce { get; private set; } = "";

    /// <summary>Whether the last answer is not acknowledged.</summary>
    public bool InFlight { get; private set; }

    /// <summary>Whether nothing waits and all is acknowledged.</summary>
    public bool IsSettled => !InFlight && !AnswerDue && Fresh.Count == 0 && Dirty.Count == 0;

    /// <summary>The version of the whole in the last acknowledged answer.</summary>
    public string AckedVersion { get; private set; } = "";

    /// <summary>The refusal that still stands.</summary>
    public Nack? Nack { get; private set; }

    /// <summary>
    /// The version of what the stream holds: the sum of the versions of all, which are hashes. So it is the same
    /// wherever the same resources are held, in whatever order.
    /// </summary>
    public string Version => Held.Values.Aggregate(
        0UL,
        static (sum, resource) => unchecked(sum + ulong.Parse(resource.Version, NumberStyles.HexNumber)),
        static sum => sum.ToString("x16"));

    /// <summary>Takes the names of a request, which replace those of the one before.</summary>
    /// <param name="requested">All names that are subscribed from now on.</param>
    /// <param name="added">Called for each new name, before it counts.</param>
    /// <param name="dropped">Called for each name that is not asked for any more.</param>
    public void Request(IReadOnlyCollection<string> requested, Action<string> added, Action<string> dropped)
    {
        // Older clients ask for everything of these two types by naming nothing. Who named something before asks
        // for nothing with it: some say so when they close.
        var wildcard = requested.Contains("*", StringComparer.Ordinal)
            || (IsFull && requested.Count == 0 && !_everNamed);
        _everNamed |= requested.Count > 0;
        var wanted = requested.Where(name => name != "*").ToHashSet(StringComparer.Ordinal);
        foreach (var name in _names.Where(name => !wanted.Contains(name)).ToList())
        {
            _names.Remove(name);
            dropped(name);
            Forget(name);
        }

        foreach (var name in wanted.Where(name => !_names.Contains(name)))
        {
            added(name);
            _names.Add(name);
            Fresh.Add(name);
        }

        AnswerDue |= IsFull && (Fresh.Count > 0 || (wildcard && !Wildcard));
        Wildcard = wildcard;
        if (!Wildcard)
        {
            foreach (var name in Held.Keys.Where(name => !_names.Contains(name)).ToList())
            {
                Forget(name);
            }
        }
    }

    /// <summary>Forgets what was sent under a name that is gone or not asked for.</summary>
    public void Forget(string name)
    {
        Held.Remove(name);
        Fresh.Remove(name);
        Dirty.Remove(name);
        if (Nack?.Names.Contains(name, StringComparer.Ordinal) == true)
        {
            Nack = null;
        }
    }

    /// <summary>Remembers what left.</summary>
    public void Sent(WorldPlan plan, string viewVersion)
    {
        Nonce = plan.Nonce;
        InFlight = true;
        _sent = [.. plan.Resources.Select(resource => resource.Name)];
        _sentVersion = viewVersion;
    }

    /// <summary>Takes the acknowledgement of the last answer.</summary>
    /// <returns>The refusal, when it is one.</returns>
    public Nack? Acknowledge(string? error, DateTimeOffset now)
    {
        // The same nonce may come again, with other names.
        var first = InFlight;
        InFlight = false;
        if (error is not null)
        {
            Nack = first ? new Nack(Type, _sent, error, now) : Nack;
            return first ? Nack : null;
        }

        if (first)
        {
            AckedVersion = _sentVersion;
            if (Nack is not null && (IsFull || Nack.Names.Any(name => _sent.Contains(name, StringComparer.Ordinal))))
            {
                Nack = null;
            }
        }

        return null;
    }
}

/// <summary>One answer, decided but not encoded.</summary>
internal sealed record WorldPlan(XdsType Type, string Nonce, string Version, List<EncodedResource> Resources);
