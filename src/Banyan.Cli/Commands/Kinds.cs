using System.CommandLine;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary>The KIND argument: a kind by its name or plural, in any case.</summary>
internal static class Kinds
{
    public static Argument<string> Argument()
    {
        var argument = new Argument<string>("KIND")
        {
            Description = $"One of {string.Join(", ", Supported)} (the plural and any case will do)",
        };
        argument.Validators.Add(result =>
        {
            var name = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (KindInfo.Find(name) is not { } kind)
            {
                result.AddError($"KIND: '{name}' is no kind; it is one of {string.Join(", ", Supported)}");
            }
            else if (!kind.IsSupported)
            {
                result.AddError($"KIND: {kind.Kind} is not supported by this version");
            }
        });
        return argument;
    }

    private static IEnumerable<string> Supported => KindInfo.All.Where(kind => kind.IsSupported).Select(kind => kind.Kind);
}
