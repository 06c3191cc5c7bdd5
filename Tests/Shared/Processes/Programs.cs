using System.Reflection;

namespace Quorleans.Tests.Shared.Processes;

/// <summary>Where the built executables lie.</summary>
internal static class Programs
{
    /// <summary>The silo.</summary>
    public static string Silo => Find("Quorleans.Silo");

    /// <summary>The client.</summary>
    public static string Client => Find("Quorleans.Client");

    /// <summary>The chaos.</summary>
    public static string Chaos => Find("Quorleans.Chaos");

    private static string Find(string name)
    {
        string assembly = typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == $"Program:{name}").Value!;
        string executable = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        return File.Exists(executable) ? executable : throw new FileNotFoundException($"{name} is not built.", executable);
    }
}
