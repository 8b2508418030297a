using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Banyan.Cli.Up;

namespace Banyan.Cli.Commands;

/// <summary>Options that several verbs have, each with the same name and meaning everywhere.</summary>
internal static class Shared
{
    public static readonly (int, string) UnreachableMeaning = (ExitCodes.Unreachable, "no control plane answers");

    /// <summary>--state DIR.</summary>
    public static Option<string?> State() => new("--state")
    {
        Description = $"State directory of the mesh (default: {StatePaths.Variable}, else ./.banyan)",
        HelpName = "DIR",
    };

    /// <summary>--output text|json.</summary>
    public static Option<string> Output() => Choice("--output", "Form of the result on standard output", "text", "json");

    /// <summary>--namespace NS.</summary>
    public static Option<string?> Namespace(string description) => new("--namespace", "-n")
    {
        Description = description,
        HelpName = "NS",
    };

    /// <summary>--reason TEXT.</summary>
    public static Option<string?> Reason() => new("--reason")
    {
        Description = "Why; 'banyan history' shows it",
        HelpName = "TEXT",
    };

    /// <summary>--force, of changes that cut callers off.</summary>
    public static Option<bool> Force() => new("--force")
    {
        Description = "Also when callers that were seen in the last 24 h would be cut off",
    };

    /// <summary>--for DURATION.</summary>
    public static Option<TimeSpan?> For() => new("--for")
    {
        Description = "End by itself after this time, counted from readiness, such as 20s or 1m30s",
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (Duration.TryParse(text, out var duration))
            {
                return duration;
            }

            result.AddError($"--for: '{text}' is not a duration; write for example 20s, 1m30s or 500ms");
            return null;
        },
    };

    /// <summary>--since DURATION, of what was reported.</summary>
    public static Option<TimeSpan> Since() => new("--since")
    {
        Description = "How far back, to the begin of that hour; up to 720h (default: 24h)",
        HelpName = "DURATION",
        DefaultValueFactory = _ => TimeSpan.FromHours(24),
        CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (Duration.TryParse(text, out var duration) && duration <= TimeSpan.FromDays(30))
            {
                return duration;
            }

            result.AddError($"--since: '{text}' is not a duration up to 720h; write for example 24h or 30m");
            return default;
        },
    };

    /// <summary>PATH...</summary>
    public static Argument<string[]> Paths() => new("PATH")
    {
        Description = "Files and folders with configuration (YAML or JSON)",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>An option with a closed list of values, the first one its default.</summary>
    public static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', values),
            DefaultValueFactory = _ => values[0],
        };
        option.Validators.Add(result => Require(result, name, values));
        return option;
    }

    /// <summary>An option with an address.</summary>
    public static Option<IPEndPoint> Address(string name, string description, string value) => new(name)
    {
        Description = description,
        HelpName = "IP:PORT",
        DefaultValueFactory = _ => IPEndPoint.Parse(value),
        CustomParser = result => ReadAddress(result, name, value)!,
    };

    /// <summary>An option with an address, absent unless given.</summary>
    public static Option<IPEndPoint?> OptionalAddress(string name, string description, string example) => new(name)
    {
        Description = description,
        HelpName = "IP:PORT",
        CustomParser = result => ReadAddress(result, name, example),
    };

    /// <summary>Whether JSON was asked for.</summary>
    public static bool IsJson(this ParseResult result, Option<string> output) => result.GetValue(output) == "json";

    private static IPEndPoint? ReadAddress(ArgumentResult result, string name, string example)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (text.Contains(':') && IPEndPoint.TryParse(text, out var address))
        {
            return address;
        }

        result.AddError($"{name}: '{text}' is not an address; write for example {example}");
        return null;
    }

    private static void Require(OptionResult result, string name, string[] values)
    {
        foreach (var token in result.Tokens)
        {
            if (!values.Contains(token.Value, StringComparer.Ordinal))
            {
                result.AddError($"{name}: '{token.Value}' is not one of {string.Join(", ", values)}");
            }
        }
    }
}
