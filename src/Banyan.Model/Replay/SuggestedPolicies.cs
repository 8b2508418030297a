namespace Banyan.Model;

/// <summary>What policies are asked for.</summary>
/// <param name="Window">The time that reports were looked at.</param>
/// <param name="Service">NAME or NAME.NAMESPACE; empty = every service.</param>
/// <param name="Namespace">Only services of this namespace; empty = of any.</param>
/// <param name="Detail">How much rules say of requests.</param>
/// <param name="Audit">The policies are in audit mode.</param>
/// <param name="RareBelow">Fewer requests than this are rare.</param>
public sealed record SuggestionOrder(
    SuggestionWindow Window, string Service, string Namespace, SuggestionDetail Detail, bool Audit, long RareBelow);

/// <summary>How much rules say.</summary>
public enum SuggestionDetail
{
    /// <summary>Who, and which port.</summary>
    Identities,

    /// <summary>Methods of HTTP too.</summary>
    Methods,

    /// <summary>Paths too, where all that a caller asked for went by routes that say them.</summary>
    Paths,
}

/// <summary>The time that reports were looked at, and how much of it they cover.</summary>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end.</param>
/// <param name="First">When the first call was seen; null when there was none.</param>
/// <param name="Last">When the last was.</param>
/// <param name="Hours">Hours with a report.</param>
/// <param name="Days">Days with a report, in UTC.</param>
/// <param name="Gaps">Times between the first and the last without one.</param>
public sealed record SuggestionWindow(
    DateTimeOffset From,
    DateTimeOffset To,
    DateTimeOffset? First,
    DateTimeOffset? Last,
    int Hours,
    int Days,
    IReadOnlyList<SuggestionGap> Gaps);

/// <summary>A time without a report.</summary>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end.</param>
public sealed record SuggestionGap(DateTimeOffset From, DateTimeOffset To);

/// <summary>What is suggested for the callers of one service.</summary>
public sealed record SuggestedService
{
    /// <summary>SERVICE.NAMESPACE.</summary>
    public string Service { get; init; } = "";

    /// <summary>Name of the policy, NAMESPACE/NAME; empty when none is suggested.</summary>
    public string Policy { get; init; } = "";

    /// <summary>The rules of the policy.</summary>
    public IReadOnlyList<SuggestedRule> Rules { get; init; } = [];

    /// <summary>Rules that are not in it: what they allow was seen only rarely.</summary>
    public IReadOnlyList<SuggestedRule> Rare { get; init; } = [];

    /// <summary>Requests and connections of callers without an identity, whom no rule can name.</summary>
    public long Plaintext { get; init; }

    /// <summary>Who those are, as far as it is known.</summary>
    public string PlaintextCallers { get; init; } = "";

    /// <summary>What else there is to say: what was left out and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>What one caller may do.</summary>
/// <param name="Caller">Its SPIFFE ID.</param>
/// <param name="Operations">What it did.</param>
/// <param name="Count">Requests and connections behind it.</param>
/// <param name="Days">On how many days.</param>
/// <param name="FirstSeen">When the first came.</param>
/// <param name="LastSeen">When the last came.</param>
public sealed record SuggestedRule(
    string Caller,
    IReadOnlyList<SuggestedOperation> Operations,
    long Count,
    int Days,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen);

/// <summary>What it did.</summary>
/// <param name="Port">Port of the service.</param>
/// <param name="Methods">Methods of HTTP; empty = any.</param>
/// <param name="Paths">Paths as policies write them; empty = any.</param>
public sealed record SuggestedOperation(int Port, IReadOnlyList<string> Methods, IReadOnlyList<string> Paths);

/// <summary>Policies, and all that is to be known before they are applied.</summary>
/// <param name="Window">The time that reports were looked at.</param>
/// <param name="Services">By name.</param>
/// <param name="Warnings">Who would be cut off by the policies, and what nobody knows.</param>
/// <param name="Yaml">The policies as <c>banyan apply</c> takes them, with all this in comments.</param>
public sealed record SuggestedPolicies(
    SuggestionWindow Window, IReadOnlyList<SuggestedService> Services, IReadOnlyList<string> Warnings, string Yaml);
