namespace Banyan.Rules;

/// <summary>Which kind of domain a name was found under.</summary>
public enum DomainMatch : byte
{
    /// <summary>Under none.</summary>
    None,

    /// <summary>The name itself.</summary>
    Exact,

    /// <summary>One with a wildcard.</summary>
    Wildcard,

    /// <summary><c>*</c>, which takes every name and none.</summary>
    Any,
}
