namespace Quorleans.Clerk;

/// <summary>Who can be woken by <see cref="WakeUps"/>.</summary>
internal interface ISleeper
{
    /// <summary>A time that was asked for has come. Must not take long.</summary>
    /// <param name="at">Which: one that was replaced by an earlier one comes as well.</param>
    void OnWake(long at);
}
