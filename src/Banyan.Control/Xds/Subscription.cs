namespace Banyan.Control.Xds;

/// <summary>What one stream holds and waits for of one type. Guarded by the stream's lock.</summary>
internal sealed class Subscription
{
    /// <summary>Unacknowledged answers that are remembered; more answers wait until one is acknowledged.</summary>
    public const int MaxFlights = 64;

    // So many names may change again and again without a new set each time.
    private const int FewNames = 8;

    private readonly List<Flight> _flights = [];

    // As a rule nothing waits, and there are four of these for each of many thousand streams.
    private HashSet<string>? _answers;
    private HashSet<string>? _dirty;

    /// <summary>Names the stream is told about.</summary>
    public Dictionary<string, Held> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>Names whose first answer is due; it does not wait for acknowledgements.</summary>
    public HashSet<string> Answers => _answers ??= new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Names that may differ from what was sent; these coalesce while a push is not acknowledged.</summary>
    public HashSet<string> Dirty => _dirty ??= new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether the type was asked for on this stream before.</summary>
    public bool Seen { get; set; }

    /// <summary>Whether the node's own listeners are subscribed.</summary>
    public bool Wildcard { get; set; }

    /// <summary>Whether the wildcard's first answer is due.</summary>
    public bool WildcardDue { get; set; }

    /// <summary>Whether that answer must leave even when it is empty.</summary>
    public bool WildcardForced { get; set; }

    /// <summary>Whether a push is under way.</summary>
    public bool InFlight => _flights.Count > 0;

    /// <summary>Whether a further answer may leave.</summary>
    public bool HasRoom => _flights.Count < MaxFlights;

    /// <summary>Whether a first answer is due.</summary>
    public bool IsAnswerDue => _answers is { Count: > 0 } || WildcardDue;

    /// <summary>Whether a change waits.</summary>
    public bool IsDirty => _dirty is { Count: > 0 };

    /// <summary>Whether anything waits to be sent.</summary>
    public bool IsWaiting => IsDirty || IsAnswerDue;

    /// <summary>Whether nothing waits and all is acknowledged.</summary>
    public bool IsSettled => _flights.Count == 0 && !IsWaiting;

    /// <summary>The version of the whole in the last acknowledged answer.</summary>
    public string AckedVersion { get; private set; } = "";

    /// <summary>The refusal that still stands.</summary>
    public Nack? Nack { get; private set; }

    /// <summary>Resources that were sent and exist.</summary>
    public int HeldCount => Names.Values.Count(held => held.Version is { Length: > 0 });

    /// <summary>Gives back the room of what does not wait any more.</summary>
    public void Tidy()
    {
        _answers = _answers is { Count: > 0 } ? _answers : null;
        _dirty = _dirty is { Count: 0, Capacity: > FewNames } ? null : _dirty;
    }

    /// <summary>Remembers what left under a nonce.</summary>
    public void Sent(DeltaPlan plan)
    {
        var names = new string[plan.Resources.Count + plan.Removed.Count];
        for (var i = 0; i < plan.Resources.Count; i++)
        {
            names[i] = plan.Resources[i].Name;
        }

        plan.Removed.CopyTo(names, plan.Resources.Count);
        _flights.Add(new Flight(plan.Nonce, plan.Version, names));
    }

    /// <summary>
    /// Takes an acknowledgement. It covers earlier answers too, because the stream keeps the order and their own
    /// refusals would have come before.
    /// </summary>
    /// <returns>The refusal, when it is one.</returns>
    public Nack? Acknowledge(string nonce, string? error, XdsType type, DateTimeOffset now)
    {
        var index = _flights.FindIndex(flight => flight.Nonce == nonce);
        if (index < 0)
        {
            return null;
        }

        var flight = _flights[index];
        _flights.RemoveRange(0, index + 1);
        if (error is not null)
        {
            Nack = new Nack(type, flight.Names, error, now);
            return Nack;
        }

        AckedVersion = flight.Version;
        if (Nack is not null && Nack.Names.Any(name => flight.Names.Contains(name, StringComparer.Ordinal)))
        {
            Nack = null;
        }

        return null;
    }

    private sealed record Flight(string Nonce, string Version, string[] Names);
}

/// <summary>What a stream was sent under a name.</summary>
/// <param name="Version">Null: nothing yet; empty: that it does not exist; otherwise the version.</param>
/// <param name="Named">Asked for by name, not through the wildcard.</param>
internal readonly record struct Held(string? Version, bool Named);

/// <summary>A refused answer.</summary>
internal sealed record Nack(XdsType Type, string[] Names, string Message, DateTimeOffset At)
{
    /// <summary>The resource at fault: those of the answer that the message names, else the first few.</summary>
    public string Resource
    {
        get
        {
            var named = Names.Where(name => Message.Contains(name, StringComparison.Ordinal)).ToArray();
            var shown = named.Length > 0 ? named : Names;
            return string.Join(", ", shown.Take(3)) + (shown.Length > 3 ? $" and {shown.Length - 3} more" : "");
        }
    }
}

/// <summary>One answer, decided but not encoded.</summary>
internal sealed record DeltaPlan(
    string TypeUrl, string Nonce, string Version, List<EncodedResource> Resources, List<string> Removed)
{
    /// <summary>An answer stops to grow here; the rest follows in the next.</summary>
    public const int SoftLimit = 2 * 1024 * 1024;
}
