using System.CommandLine;
using Banyan.Model;

namespace Banyan.Cli.Commands;

/// <summary>What KIND[/NAME] names: a kind, or one object.</summary>
/// <param name="Kind">The kind's name; null = every kind.</param>
/// <param name="Namespace">Null = every namespace.</param>
/// <param name="Name">Null = every object.</param>
internal sealed record ObjectTarget(string? Kind, string? Namespace, string? Name)
{
    /// <summary>The argument KIND[/NAME], or KIND/NAME where a name is needed.</summary>
    public static Argument<string?> Argument(bool isRequired, string description)
    {
        var argument = new Argument<string?>(isRequired ? "KIND/NAME" : "KIND[/NAME]")
        {
            Description = description, Arity = ArgumentArity.ZeroOrOne,
        };
        argument.Validators.Add(result =>
        {
            var parts = result.Tokens.Count > 0 ? result.Tokens[0].Value.Split('/') : [];
            if (parts.Length > 0 && KindInfo.Find(parts[0]) is null)
            {
                result.AddError($"KIND: '{parts[0]}' is no kind; it is one of {string.Join(", ", KindInfo.All.Select(kind => kind.Kind))}");
            }
            else if (parts.Length > 2 || (parts.Length > 0 && parts[^1].Length == 0) || (isRequired && parts.Length == 1))
            {
                result.AddError($"'{result.Tokens[0].Value}' is not of the form KIND/NAME");
            }
        });
        return argument;
    }

    /// <summary>Reads an argument that was checked.</summary>
    public static ObjectTarget Parse(string? text, string? space)
    {
        var parts = text?.Split('/') ?? [];
        return parts switch
        {
            [var kind, var name] => new ObjectTarget(KindInfo.Find(kind)!.Kind, space ?? ObjectMeta.DefaultNamespace, name),
            [var kind] => new ObjectTarget(KindInfo.Find(kind)!.Kind, space, null),
            _ => new ObjectTarget(null, space, null),
        };
    }
}
