/** What the directive `pause-booking` does, in the words of whoever writes and whoever signs. */
export const stopsBooking = 'Stops the booking of appointments in portals'
